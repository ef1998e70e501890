/**
 * A process with a crypto store, for tests that kill it. Commands: `create <folder>`: opens the
 * store and prints the identity and the keys to upload; `receive <folder> <input>`: takes the
 * to-device events of the input file, as a sync, then prints its room event decrypted. A last
 * argument n lets it die by SIGKILL right after the n-th transaction of SQLite.
 */
import { readFileSync } from "node:fs";
import { dieAfterTransaction, transactionsEnded, watchTransactions } from "./killed-at.ts";

const [command, folder, ...rest] = process.argv.slice(2);
watchTransactions();
const { configureStore } = await import("../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts");
const { CryptoDevice } = await import("./crypto-device.ts");
const { KeyServer } = await import("./key-server.ts");

configureStore({ key: new Uint8Array(32).fill(1) });
if (command === "create") dieAfterTransaction(Number(rest[0] ?? Infinity));
const device = await CryptoDevice.open("@bot:example.org", "BOT", new KeyServer(), folder);

if (command === "create") {
  const requests = await device.machine.outgoingRequests();
  print({
    transactions: transactionsEnded(),
    identity: device.machine.identityKeys.ed25519.toBase64(),
    requests,
  });
} else {
  const [input = "", killAfter = Infinity] = rest;
  const { toDeviceEvents, roomEvent } = JSON.parse(readFileSync(input, "utf8"));
  dieAfterTransaction(Number(killAfter));
  await device.receive(JSON.stringify(toDeviceEvents));
  const transactions = [...transactionsEnded()];
  print({ transactions, text: await device.decrypt(roomEvent) });
}
await device.machine.close();

function print(result: object): void {
  process.stdout.write(JSON.stringify(result));
}
