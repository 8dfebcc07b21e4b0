const systems = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"];

/** A first name for a passkey: where it was made. It can be renamed. */
export function passkeyName(): string {
  const system = systems.find((name) => navigator.userAgent.includes(name));
  return system === undefined ? "Passkey" : `Passkey on ${system === "Mac OS" ? "a Mac" : system}`;
}
