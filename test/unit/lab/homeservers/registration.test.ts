import { expect, it } from "vitest";
import { registrationMac } from "../../../lab/homeservers/registration.ts";

// Computed with the Python program in Synapse's documentation of the registration API.
it("vouches for nonce, name, password and role as Synapse's documentation says", () => {
  const user = { nonce: "thisisanonce", localpart: "pepper_roni", password: "pizza" };
  expect(registrationMac("shared_secret", { ...user, admin: true })).toBe(
    "48715842ad67d5dc9a9ee938a3bda4fcfae8d7c7",
  );
  expect(registrationMac("shared_secret", { ...user, admin: false })).toBe(
    "cf2391885316861a8e3871bfdcd223ab3913221d",
  );
});
