/** Signs of IDs and links, and what stands around them, by their names in HTML. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ...([
    ["amp", "&"],
    ["lt", "<"],
    ["gt", ">"],
    ["quot", '"'],
    ["apos", "'"],
    ["nbsp", " "],
  ] as const),
  ...([
    ["commat", "@"],
    ["num", "#"],
    ["excl", "!"],
    ["sol", "/"],
    ["quest", "?"],
    ["equals", "="],
  ] as const),
  ...([
    ["period", "."],
    ["lowbar", "_"],
    ["percnt", "%"],
    ["plus", "+"],
    ["ast", "*"],
    ["lpar", "("],
  ] as const),
  ...([
    ["rpar", ")"],
    ["lsqb", "["],
    ["rsqb", "]"],
    ["grave", "`"],
    ["shy", ""],
    ["zwnj", ""],
  ] as const),
]);

/**
 * Characters that HTML names by a number. A colon is left out, and so are a hash and an escape as
 * in links and the sign of an ID that has no server: the bot writes these where a name is to have
 * no ID.
 */
const ENTITY =
  /&(?:#(?!0*58;|35;\/|37;[\da-f]{2}|33;[\w\\-]{43})(\d{1,7})|#x(?!0*3a;)([\da-f]{1,6})|([a-z]{2,6}));/giu;
/** Escapes of Markdown and JSON. */
const ESCAPE = /\\(?:u00([2-7][\da-f])|[nrt]|([_*~.!#@\-+=/&%]))/giu;
/** What nobody sees: soft hyphens, spaces without width, marks of direction, variants. */
const UNSEEN = /[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff]+/gu;

/** A line without the escapes of HTML, Markdown and JSON, and without what nobody sees. */
export function plainLine(line: string): string {
  let plain = line;
  if (plain.includes("&"))
    plain = plain.replace(ENTITY, (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return NAMED.get(name.toLowerCase()) ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    });
  if (plain.includes("\\"))
    plain = plain.replace(ESCAPE, (_, hex?: string, sign?: string) =>
      hex === undefined ? (sign ?? " ") : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  // What nobody sees may stand within an ID, or between an ID and the word before it.
  return plain.replace(UNSEEN, (_, offset: number, whole: string) =>
    /[!#@]/u.test(whole[offset + _.length] ?? "") ? " " : "",
  );
}
