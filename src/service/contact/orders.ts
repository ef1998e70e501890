import { z } from "zod";
import type { ContactKind, ContactOrders } from "../../platforms/contact.ts";

const names = z.array(z.string());
const text = z.string().nullable();

/** How orders are stored with questions until they are confirmed. */
export const contactOrderSchemas: { readonly [Kind in ContactKind]: z.ZodType<ContactOrders[Kind]> } = {
  ask: z.object({ rooms: names, text, way: z.enum(["direct", "room"]).nullable() }),
  knock: z.object({ rooms: names, reason: text }),
  directChats: z.object({ partners: names, text }),
  announce: z.object({
    rooms: names,
    which: z.enum(["default", "direct", "small"]),
    text,
    both: z.boolean(),
  }),
  rename: z.object({ name: text, rooms: names, undo: z.boolean() }),
  leave: z.object({ rooms: names, reason: text, withoutKeys: z.boolean(), anyway: text }),
};
