import { expect, it } from "vitest";
import { pythonOfScript } from "../../../../lab/homeservers/sources/interpreter.ts";
import { withoutProxies } from "../../../../lab/homeservers/sources/source.ts";

it.each([
  ["#!/opt/synapse/bin/python3.12", ["/opt/synapse/bin/python3.12"]],
  ["#! /opt/synapse/bin/python -I", ["/opt/synapse/bin/python"]],
  ["#!/usr/bin/env python3", ["/usr/bin/env", "python3"]],
  ["#!/bin/sh", undefined],
  ["\u007fELF", undefined],
])("finds the interpreter of a script that begins with %j", (firstLine, expected) => {
  expect(pythonOfScript(firstLine)).toEqual(expected);
});

it("keeps proxies from a homeserver's environment, in either case", () => {
  expect(withoutProxies({ HTTPS_PROXY: "p", http_proxy: "p", no_proxy: "n", PATH: "/bin" })).toEqual({
    PATH: "/bin",
  });
});
