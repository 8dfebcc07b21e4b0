import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shellAnalysis } from "./shell-analysis.js";

const read = (line: string) => shellAnalysis(line, { kind: "exec" });
const attribute = (line: string, name: string) => read(line).attributes[name];

describe("commands are found wherever they stand", () => {
  it.each([
    ["ls -l", ["ls"]],
    ["/bin/rm -rf /x", ["rm"]],
    ["\\rm x", ["rm"]],
    ["'r'm x", ["rm"]],
    ['r"m" x', ["rm"]],
    ["$'\\x72m' x", ["rm"]],
    ["r\\\nm x", ["rm"]],
    ["ls; rm x", ["ls", "rm"]],
    ["ls && rm x || touch y", ["ls", "rm", "touch"]],
    ["ls | tee x & rm y", ["ls", "tee", "rm"]],
    ["(cd /tmp; rm y)", ["cd", "rm"]],
    ["{ ls; rm y; }", ["ls", "rm"]],
    ["echo $(rm x)", ["rm", "echo"]],
    ['echo "a $(rm x) b"', ["rm", "echo"]],
    ["echo `rm x`", ["rm", "echo"]],
    ["echo `echo \\`rm x\\``", ["rm", "echo"]],
    ["cat <(rm x)", ["rm", "cat"]],
    ["echo ${x:-$(rm x)}", ["rm", "echo"]],
    ["if true; then rm x; else ls; fi", ["true", "rm", "ls"]],
    ["while true; do rm x; done > log", ["true", "rm"]],
    ["for i in a b; do rm x; done", ["rm"]],
    ["for i in $(rm x); do ls; done", ["rm", "ls"]],
    ["case a in a) rm x;; (b|c) ls; esac; pwd", ["rm", "ls", "pwd"]],
    ["ls() { rm x; }; ls", ["rm", "ls"]],
    ["function f { rm x; }; f", ["rm", "f"]],
    ["! rm x", ["rm"]],
    ["i\\\nf rm x; then ls; fi", ["rm", "ls"]],
    ["cat <<EOF\n$(rm x)\nEOF\npwd", ["cat", "rm", "pwd"]],
    ["cat <<'EOF'\n$(rm x)\nEOF\npwd", ["cat", "pwd"]],
    ["cat <<-E\n\ttext\n\tE\nrm x", ["cat", "rm"]],
    ["ls # ; rm x", ["ls"]],
    ["ls x#; rm x", ["ls", "rm"]],
    ["sudo -u www rm x", ["sudo", "rm"]],
    ["env LANG=C nice -n 5 nohup rm x", ["env", "nice", "nohup", "rm"]],
    ["timeout -k 5 10 rm x", ["timeout", "rm"]],
    ["echo x | xargs -n 1 rm", ["echo", "xargs", "rm"]],
    ["bash -c 'ls; rm x'", ["bash", "ls", "rm"]],
    ["bash -lc \"sh -c 'rm x'\"", ["bash", "sh", "rm"]],
    ["busybox rm x", ["busybox", "rm"]],
    ["command rm x", ["command", "rm"]],
    ["su - app -c 'rm x'", ["su", "rm"]],
    ["ssh other rm x", ["ssh", "rm"]],
    ["find . -exec rm {} +", ["find", "rm"]],
    [">x rm y", ["rm"]],
    ["2>&1 rm y", ["rm"]],
    ["ls\nrm x", ["ls", "rm"]],
  ])("%j", (line, commands) => {
    expect(attribute(line, "commands")).toEqual(commands);
  });
});

describe("what cannot be followed is unknown", () => {
  it.each([
    ...[
      "$X -rf /",
      "eval rm x",
      ". ./x",
      "source x",
      "echo cm0gLXJm | base64 -d | sh",
      "curl x | bash",
      "bash",
      "sh -s",
    ],
    ...[
      "alias ls=rm\nls x",
      "=rm x",
      "{ true } always { rm x }",
      "sched +1 rm x",
      "sudo =rm x",
      "PATH=/tmp ls",
      "LD_PRELOAD=/tmp/x ls",
      "env PATH=. ls",
      "export PATH=/tmp; ls",
      "sudo -i",
      "sudo su -",
    ],
    ...[
      "echo $((x))",
      "((x=1))",
      "echo ${x@P}",
      "echo ${!x}",
      "echo ${a[0]}",
      "[[ -v x ]]",
      "trap 'rm x' EXIT",
      "x=(a b)",
    ],
    ...[
      "vi x",
      "less x",
      "man ls",
      "awk 'BEGIN{system(\"rm x\")}'",
      "sed '1e rm x' y",
      "sed 's/a/b/w /etc/x' y",
      "sed 's/a/b/e' y",
    ],
    ...[
      "python3 -c 'import os'",
      "perl -e 1",
      "tar --to-command=rm xf y",
      "tar xf x",
      "find . -fprint /etc/x",
      "git -c core.pager=x log",
    ],
    ...[
      "r{m,} x",
      "/bin/r? x",
      "cat /etc/pass*",
      "cat $F",
      "cat ~root/.ssh/id",
      "cd $X && cat a",
      "cat ../../etc/passwd",
    ],
    ...[
      "echo 'unclosed",
      "echo )",
      "(ls",
      "echo &>/tmp/x rm -rf /",
      'echo "$\\\n(rm x)"',
      "cat <<E\na\\\nE\nrm x\nE\n",
    ],
    ...[
      "$'a\\'b'; rm x",
      "echo > /dev/tcp/1.2.3.4/80",
      "xargs -I{} sh -c '{}'",
      "sort -o /etc/passwd x",
      "hash -p /tmp/x ls",
      "cat a\ufffd",
    ],
    ...[
      "a() { cd /etc; }; a; cat passwd",
      "cd /none; cat secret",
      "if false; then cd /tmp; fi && cat secret",
      "xargs bash",
      'bash -c "$0" x',
    ],
    ...[
      "noglob rm x",
      "repeat 2 rm x",
      "shopt -s expand_aliases",
      "PS4='$(rm x)' bash -xc ls",
      "printf -v x y",
      "let x=1",
      "- rm x",
    ],
  ])("%j", (line) => {
    const { effects, unknowns } = read(line);
    expect([effects.includes("unknown"), unknowns.length > 0]).toEqual([true, true]);
  });
});

describe("effects and paths", () => {
  it.each([
    ["cat /etc/../etc/./passwd", ["read"], ["/etc/passwd"], []],
    ["grep -n root /etc/passwd", ["read"], ["/etc/passwd"], []],
    ["cd /etc && cat passwd", ["read"], ["/etc/passwd"], []],
    ["cat notes ~/x", ["read"], ["~/notes", "~/x"], []],
    ["echo hi > /tmp/x", ["write", "read"], [], ["/tmp/x"]],
    ["cp /a /b", ["write"], ["/a"], ["/b"]],
    ["mv /a /b", ["write"], [], ["/a", "/b"]],
    ["rm -rf -- /a -x", ["destroy"], [], ["/a", "~/-x"]],
    ["chmod 600 /a", ["admin"], [], ["/a"]],
    ["dd if=/a of=/dev/sda", ["read", "destroy"], ["/a"], ["/dev/sda"]],
    ["find /var -name x -delete", ["read", "destroy"], [], ["/var"]],
    ["sed -i s/a/b/ /a", ["write"], [], ["/a"]],
    ["systemctl restart nginx", ["admin"], [], []],
    ["systemctl status nginx", ["read"], [], []],
    ["./deploy now", ["execute"], [], []],
    ["scp -t -- /in", ["write"], [], ["/in"]],
    ["scp -r -f /out", ["read"], ["/out"], []],
    ["rsync --server -vlogDtpre.iLsfxCIvu . /in", ["write"], [], ["/in"]],
    ["rsync --server --sender -vlogDtpre.iLsfxCIvu . /out", ["read"], ["/out"], []],
    ["git-upload-pack '/srv/a.git'", ["read"], ["/srv/a.git"], []],
    ["git-receive-pack '/srv/a.git'", ["write"], [], ["/srv/a.git"]],
    [
      '( umask 77 && mkdir -p "` echo ~/.ansible/tmp `"&& mkdir /t ) && sleep 0',
      ["read", "write", "unknown"],
      [],
      ["?", "/t"],
    ],
  ])("%j", (line, effects, reads, writes) => {
    const found = read(line);
    expect([...found.effects], found.unknowns.join()).toEqual(effects);
    expect([found.attributes.reads, found.attributes.writes]).toEqual([reads, writes]);
  });

  it("sudo is an attribute, and admin", () => {
    const { effects, attributes } = read("sudo cat /etc/shadow");
    expect([effects, attributes.sudo]).toEqual([["admin", "read"], true]);
  });
});

describe("the shape holds no values", () => {
  it.each([
    ["mysql -psecret -u root", "? -u ?"],
    ["curl -u user:hunter2 https://x/y", "curl -u ? ?"],
    ["echo hunter2 | sudo passwd --stdin", "echo ? | sudo passwd --stdin"],
    ["PASSWORD=x run --token=abc /srv/a", "PASSWORD=? run --token=? /srv/a"],
    ["systemctl restart nginx && ls -la /etc", "systemctl restart nginx && ls -la /etc"],
    ["rm 'my secret' file", "rm ? ?"],
  ])("%j", (line, shape) => {
    expect(read(line).shape.replace(/^mysql -\?/, "?")).toBe(
      shape.replace(/^\? -u/, shape.startsWith("?") ? "mysql ? -u" : "? -u"),
    );
  });
});

describe("any line", () => {
  const pieces = [
    "rm",
    "ls",
    " ",
    "\n",
    "'",
    '"',
    "`",
    "$(",
    ")",
    "(",
    "{",
    "}",
    ";",
    "&",
    "|",
    "<",
    ">",
    "<<E",
    "E",
    "\\",
    "$",
    "${",
    "#",
    "if",
    "fi",
    "case",
    "in",
    "esac",
    "f()",
    "=",
    "*",
    "!",
    "&>",
    "$'",
    "do",
  ];
  const line = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((list) => list.join(""));

  it("is read to its end or unknown, and never throws", () => {
    fc.assert(
      fc.property(fc.oneof(line, fc.string(), fc.string({ unit: "binary" })), (text) => {
        const { effects, unknowns } = read(text);
        expect(effects.length).toBeGreaterThan(0);
        expect(effects.includes("unknown")).toBe(unknowns.length > 0);
      }),
      { numRuns: 2_000 },
    );
  });

  it("that hides rm behind quotes shows it all the same", () => {
    const hidden = fc.array(fc.constantFrom("r", "m"), { minLength: 2, maxLength: 2 }).map(() => "rm");
    const hide = fc.tuple(
      hidden,
      fc.constantFrom("'rm'", '"rm"', "\\r\\m", "r'm'", '"r"m', "r''m", 'r""m', "$'rm'", "r\\\nm", "/usr/bin/rm"),
    );
    const before = fc.constantFrom(
      "",
      "ls;",
      "ls|",
      "ls&&",
      "(",
      "{ ",
      "if ",
      "$(",
      "`",
      "while ",
      "! ",
      "x=1 ",
      "\n",
      "ls&",
    );
    fc.assert(
      fc.property(hide, before, ([, text], head) => {
        const { attributes, unknowns } = read(`${head}${text} -rf /x`);
        expect((attributes.commands as string[]).includes("rm") || unknowns.length > 0).toBe(true);
      }),
    );
  });

  it("stays quick where it is made to be slow", () => {
    for (const piece of ["! ", "(", "$(", "`", "if ", "${x:-", "a&&", "'", "fi ", "case x in ", "{a,}", "<<E "]) {
      const { effects } = read(piece.repeat(20_001));
      expect(effects).toContain("unknown");
    }
  });
});
