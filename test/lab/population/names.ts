import type { Dice } from "./seed.ts";

const FIRST_NAMES =
  "Aino Bela Carmen Dario Elif Farah Goran Hana Ines Jonas Kofi Lena Milo Noor Oskar Paula Quinn Rosa Sami Tilda Umar Vera Wanda Xaver Yuki Zora Anouk Boris Clara Dilan Emil Frida Gita Hugo Ilse Jaro Karim Lotta Mina Nils";
const PLACES =
  "Harbour Orchard Valley Station Market Mill Bridge Tower Garden Forest Riverside Hilltop Village Lakeside Castle Quarry Meadow Windmill Cellar Attic Island Canal";
const PURSUITS =
  "Choir,Cyclists,Chess Club,Beekeepers,Library,Football,Theatre,Bakers,Astronomers,Radio,Gardeners,Knitting,Translators,Sailors,Parents,Photographers,Debate,Orchestra,Hikers,Repair Café,Poetry,Cinema,Swimmers,Potters";

/**
 * Distinct first names in an order that depends on the seed. They are numbered when there are more
 * people than names.
 */
export function personNames(dice: Dice, count: number): string[] {
  return numbered(dice.shuffle(FIRST_NAMES.split(" ")), count);
}

/** Distinct room names in an order that depends on the seed. */
export function roomNames(dice: Dice, count: number): string[] {
  const all = PLACES.split(" ").flatMap((place) =>
    PURSUITS.split(",").map((pursuit) => `${place} ${pursuit}`),
  );
  return numbered(dice.shuffle(all), count);
}

function numbered(names: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const round = Math.floor(index / names.length);
    const name = names[index % names.length] ?? "";
    return round === 0 ? name : `${name} ${round + 1}`;
  });
}
