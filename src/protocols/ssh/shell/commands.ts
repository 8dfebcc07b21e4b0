import type { Access, Effect } from "../../../vocabulary/index.js";

/** What a command does, and which of its operands are paths. */
export interface Known {
  readonly effect: Effect;
  /** How its operands are touched; null: they are no paths. `copy`: read, the last one written; `move`: destroyed, the last one written. */
  readonly paths: Access | "copy" | "move" | "link" | null;
  /** Operands before the paths: a pattern, a mode, an owner. */
  readonly before?: number;
  /** Short options that take a value of their own. */
  readonly values?: string;
  /** Options that make it do what it else does not: then it is read as `unknown`. */
  readonly never?: RegExp;
}

const table: Record<string, Known> = {};

function known(names: string, what: Known): void {
  for (const name of names.split(" ")) table[name] = what;
}

// Reads, and says what it read.
known("cat tac nl wc od hexdump xxd stat file readlink realpath md5sum sha1sum sha256sum sha512sum cksum b2sum", {
  effect: "read",
  paths: "read",
  values: "lsjbNAtwnfF",
  never: /^-r$|^-r[^a-z]/,
});
known("strings zcat bzcat xzcat cmp diff sdiff comm join paste fold rev column", {
  effect: "read",
  paths: "read",
  values: "tdnwUcs",
});
known("head tail", { effect: "read", paths: "read", values: "ncs" });
known("ls dir vdir du tree", { effect: "read", paths: "read", values: "ITwdL", never: /^(-o|--output)/ });
known("df", { effect: "read", paths: "read", values: "tx" });
known("cut tr expand unexpand base64 base32", { effect: "read", paths: null });
known("grep egrep fgrep zgrep", { effect: "read", paths: "read", before: 1, values: "ABCDdm" });
known("test [", { effect: "read", paths: null, never: /^-v$/ });
known(
  "echo true false : pwd sleep seq expr whoami id groups who w last lastlog uptime arch nproc lscpu lsblk lsmod lspci lsusb",
  {
    effect: "read",
    paths: null,
  },
);
known("ps free vmstat iostat mpstat lsof netstat ss pgrep pidof getent uname locale printenv tty cal logname", {
  effect: "read",
  paths: null,
  never: /^-K$|^--kill/,
});
known(
  "basename dirname which whereis type exit return break continue shift wait times umask ulimit cd pushd popd dirs local readonly",
  {
    effect: "read",
    paths: null,
  },
);
known("ping traceroute dig host nslookup", { effect: "connect", paths: null });

// Writes.
known("touch mkdir mkfifo", { effect: "write", paths: "write", values: "mdtr" });
known("tee", { effect: "write", paths: "write" });
known("cp install", {
  effect: "write",
  paths: "copy",
  values: "tSmog",
  never: /^(-t|--target-directory|--strip-program)/,
});
known("ln", { effect: "write", paths: "link", values: "S", never: /^(-t|--target-directory)/ });
known("mv", { effect: "write", paths: "move", values: "S", never: /^(-t|--target-directory)/ });
known("gzip gunzip bzip2 bunzip2 xz unxz zstd", { effect: "write", paths: "write", values: "S" });

// Destroys.
known("rm unlink rmdir shred truncate wipefs srm", { effect: "destroy", paths: "destroy", values: "sn" });
known(
  "mkfs mkfs.ext4 mkfs.xfs mkfs.btrfs mkswap fdisk sfdisk parted sgdisk blkdiscard lvremove vgremove pvremove userdel groupdel",
  {
    effect: "destroy",
    paths: null,
  },
);

// Changes who may do what, what runs, or the machine itself.
known("chmod chown chgrp chattr setfacl setcap chcon", {
  effect: "admin",
  paths: "write",
  before: 1,
  never: /^--reference/,
});
known(
  "kill pkill killall reboot shutdown halt poweroff init telinit swapoff swapon modprobe insmod rmmod sysctl hostnamectl timedatectl",
  {
    effect: "admin",
    paths: null,
  },
);
known(
  "useradd adduser usermod groupadd groupmod passwd chpasswd chage gpasswd visudo vipw crontab iptables ip6tables nft ufw firewall-cmd",
  {
    effect: "admin",
    paths: null,
  },
);
known(
  "apt apt-get aptitude dpkg yum dnf rpm apk pacman zypper snap mount umount losetup setenforce update-alternatives",
  {
    effect: "admin",
    paths: null,
  },
);

/** Runs code that its words or its input bring along, or opens a way to run some; nobody can follow it from here. */
const opaque = new Set(
  (
    "sftp-server eval . source trap alias unalias shopt enable hash complete compgen bind set mapfile readarray declare typeset export " +
    "stty tset reset bindkey zle vared setopt unsetopt emulate disable compdef sched repeat foreach noglob nocorrect always zmodload autoload fc history dd " +
    "vi vim nvim view ex ed emacs nano pico less more most man info top htop mc ranger " +
    "perl ruby node nodejs php lua tclsh expect gdb strace ltrace make gcc cc g++ m4 awk gawk mawk nawk sed tar zip unzip rpm2cpio cpio " +
    "mysql mariadb psql sqlite3 mongo mongosh redis-cli socat nc ncat netcat telnet ftp curl wget openssl gpg docker podman kubectl nsenter crictl ctr runc lxc " +
    "python python2 python3 pip npm npx ssh-keygen ssh-agent tclsh irb ipython csh tcsh fish pwsh rvim rview - print printf read wget find git rsync scp sort uniq date hostname systemctl service journalctl dmesg ip history unset"
  ).split(" "),
);

/** What is known of a command by its name; `opaque`: it needs a look of its own, or cannot be followed. */
export function knownCommand(name: string): Known | "opaque" | null {
  if (Object.hasOwn(table, name)) return table[name]!;
  return opaque.has(name) || /^(python|perl|ruby|lua)[0-9.]+$/.test(name) ? "opaque" : null;
}
