import type { RunStatus } from "../../service/run/results.ts";
import { accountProblem, accountRemedy } from "../account/account-problem.ts";
import { code, link, paragraph, quote } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert } from "../document/message.ts";
import { untrustedText } from "../document/untrusted-text.ts";
import { runNames } from "../words/run-words.ts";

/** A run stopped until its owner acts. */
export function needsYou(
  { purpose, problem, source, target, filesGone }: RunStatus,
  prefix: string,
): Message {
  const stopped = `${runNames[purpose]} has stopped; nothing is lost. `;
  if (problem === null) return alert(paragraph(stopped, code(`${prefix}migrate status`), " shows why."));
  const view = { ...problem, userId: problem.side === "source" ? source : target, prefix, filesGone };
  const { serverText, page } = problem.problem;
  return alert(
    paragraph(stopped, ...accountProblem(view)),
    ...(serverText === null || serverText === "" ? [] : [quote(untrustedText(serverText, 300))]),
    ...(page === undefined ? [] : [paragraph("Its server names this page: ", link(page, page))]),
    paragraph(...accountRemedy(view)),
  );
}
