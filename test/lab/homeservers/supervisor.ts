/*
 * A process of its own, started by supervised-process.ts. It runs the command given as arguments,
 * and ends it with all its children as soon as standard input closes. The kernel closes that pipe
 * also when the caller is killed with SIGKILL, so no server outlives a crash. The supervisor is in
 * neither the caller's nor the command's process group, so that Ctrl-C and SIGSTOP do not reach it.
 *
 * Standard output: a JSON line {"pid"} when the command runs, and {"code","signal"} or {"error"}
 * when it has ended. Standard error: the command's output, both streams.
 */
import { spawn } from "node:child_process";

const GRACE_MS = 10_000;

const [file = "", ...args] = process.argv.slice(2);
const { SUPERVISED_NODE_OPTIONS: options, ...inherited } = process.env;
const env = { ...inherited, ...(options !== undefined && { NODE_OPTIONS: options }) };
const child = spawn(file, args, { stdio: ["ignore", 2, 2], detached: true, env });

child.once("spawn", () => report({ pid: child.pid }));
child.once("error", (error) => {
  report({ error: error.message });
  process.exitCode = 1;
  process.stdin.destroy();
});
child.once("exit", (code, signal) => {
  signalGroup("SIGKILL");
  report({ code, signal });
  process.stdin.destroy();
  // A process that waits for the caller's pipes must not wait for a timer.
  clearTimeout(killTimer);
});

let killTimer: NodeJS.Timeout | undefined;
let isEnding = false;

function end(): void {
  if (isEnding || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  isEnding = true;
  signalGroup("SIGTERM");
  // A stopped process handles no signal but SIGKILL until it is continued.
  signalGroup("SIGCONT");
  killTimer = setTimeout(() => signalGroup("SIGKILL"), GRACE_MS);
}

function signalGroup(signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has already ended.
  }
}

function report(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

// The caller may be gone.
process.stdout.on("error", () => {});
process.stdin.on("error", end).on("end", end).on("close", end).resume();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
