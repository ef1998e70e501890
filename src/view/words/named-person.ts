import type { Person } from "../../model/contact.ts";
import type { Inline } from "../document/document.ts";
import { person } from "../document/document.ts";
import { untrustedText } from "../document/untrusted-text.ts";

const MAX_NAME = 40;

/** A person in a message: the name, and a link to their ID. */
export function namedPerson({ userId, displayName }: Person): Inline {
  const name = displayName === null || displayName === "" ? "" : `${untrustedText(displayName, MAX_NAME)} `;
  return { kind: "group", children: [name, person(userId)] };
}
