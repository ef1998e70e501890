import { beforeEach, expect, it } from "vitest";
import { Tokens } from "../../../lab/authorization-server/tokens.ts";

let tokens: Tokens;

beforeEach(() => {
  tokens = new Tokens();
  tokens.issued({ accessToken: "access 1", refreshToken: "refresh 1" });
});

it("takes a refresh token as it is, and kills the access token that came with it", () => {
  expect(tokens.effective("refresh 1")).toBe("refresh 1");
  expect(tokens.ask("access 1")).toBe(true);
  tokens.issued({ accessToken: "access 2", refreshToken: "refresh 2" }, "refresh 1");
  expect(tokens.ask("access 1")).toBe(false);
  expect(tokens.ask("access 2")).toBe(true);
});

it("takes a replaced one for the pair that nobody got, also when that answer was lost, and the next", () => {
  for (const next of [2, 3, 4]) {
    tokens.issued({ accessToken: `access ${next}`, refreshToken: `refresh ${next}` }, "refresh 1");
    expect(tokens.effective("refresh 1")).toBe(`refresh ${next}`);
  }
  for (const lost of [1, 2, 3]) expect(tokens.ask(`access ${lost}`)).toBe(false);
  expect(tokens.ask("access 4")).toBe(true);
});

it("takes none that was replaced by a pair in use", () => {
  tokens.issued({ accessToken: "access 2", refreshToken: "refresh 2" }, "refresh 1");
  tokens.ask("access 2");
  expect(tokens.effective("refresh 1")).toBeNull();
  expect(tokens.effective("refresh 2")).toBe("refresh 2");
});

it("takes none whose successor was replaced itself", () => {
  tokens.issued({ accessToken: "access 2", refreshToken: "refresh 2" }, "refresh 1");
  tokens.issued({ accessToken: "access 3", refreshToken: "refresh 3" }, "refresh 2");
  expect(tokens.effective("refresh 1")).toBeNull();
});
