import type { AccountReaders } from "../service/account-readers.ts";
import type { Planning } from "../service/planning.ts";
import type { Plans } from "../store/plans.ts";
import type { Forgotten } from "../service/sign-in-results.ts";
import type { SignIn } from "../service/sign-in.ts";
import type { Command } from "./conversation.ts";
import { forgetCommand, forgetSpecification } from "./forget.ts";
import { helpCommand, helpSpecification } from "./help.ts";
import { loginCommand, loginSpecification } from "./login.ts";
import { logoutCommand, logoutSpecification } from "./logout.ts";
import { migratePlanCommand, migratePlanSpecification } from "./migrate-plan.ts";
import { reportCommand, reportSpecification } from "./report.ts";
import { roomsCommand, roomsSpecification } from "./rooms.ts";
import type { CommandSpecification } from "./specification.ts";
import { whoamiCommand, whoamiSpecification } from "./whoami.ts";

/** Every command there is, in the order of the help. Parser, `!help` and the README's table all come from this list. */
export const specifications: readonly CommandSpecification[] = [
  helpSpecification,
  loginSpecification,
  logoutSpecification,
  whoamiSpecification,
  migratePlanSpecification,
  reportSpecification,
  roomsSpecification,
  forgetSpecification,
];

export interface CommandServices {
  signIn: SignIn;
  forget: (owner: string) => Promise<Forgotten>;
  planning: Planning;
  readers: AccountReaders;
  plans: Plans;
  now: () => number;
  prefix: string;
}

/** The commands at work: one for each specification. */
export function createCommands(services: CommandServices): readonly Command[] {
  const { signIn, forget, prefix } = services;
  return [
    helpCommand(specifications, prefix),
    loginCommand(signIn, prefix),
    logoutCommand(signIn, prefix),
    whoamiCommand(signIn, prefix),
    migratePlanCommand(services),
    reportCommand(services),
    roomsCommand(services),
    forgetCommand(forget),
  ];
}
