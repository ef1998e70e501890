/**
 * Lets two devices exchange messages. One of them has a store in the given folder. Prints the
 * growth of the heap in bytes for each round after the caches are full. Needs --expose-gc.
 */
import { configureStore } from "../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";
import { CryptoDevice } from "./crypto-device.ts";
import { KeyServer } from "./key-server.ts";

const WARM_UP_ROUNDS = 20;
const ROUNDS = 60;

const [folder] = process.argv.slice(2);
configureStore({ key: new Uint8Array(32).fill(1) });
const server = new KeyServer();
const bot = await CryptoDevice.open("@bot:example.org", "BOT", server, folder);
const user = await CryptoDevice.open("@user:example.org", "USER", server);
await bot.sendAll();
await user.sendAll();

await talk(WARM_UP_ROUNDS);
const before = heapUsed();
await talk(ROUNDS);
process.stdout.write(JSON.stringify({ bytesPerRound: Math.round((heapUsed() - before) / ROUNDS) }));
await bot.machine.close();

async function talk(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const question = await user.encrypt("question", [bot.userId]);
    await bot.sync();
    await bot.decrypt(question);
    const reply = await bot.encrypt("reply", [user.userId]);
    await user.sync();
    await user.decrypt(reply);
  }
}

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
