import { z } from "zod";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { Medium } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { downloadMedium, isLostMedium, KEPT_COPY_TIMEOUT_MS } from "../api/media.ts";
import type { Mxc } from "../api/mxc.ts";
import { parseMxc } from "../api/mxc.ts";
import { serverNameOf } from "../ids/identifiers.ts";
import type { StepScope, StepSession } from "./define-step.ts";
import { imageTypeOf } from "./image-type.ts";
import type { ErrorOutcome } from "./step-errors.ts";
import { attributedTo, GONE, serverProblem, toOutcome, UNREADABLE } from "./step-errors.ts";

const configSchema = z.object({ "m.upload.size": z.number().positive().nullish().catch(null) });
const uploadedSchema = z.object({ content_uri: z.string() });

/**
 * Also the limit if the target's server names none or a higher one. A profile image is far smaller.
 */
const MAX_IMAGE_BYTES = 50 * 1_048_576;
const TIMEOUT_MS = 120_000;

const NO_IMAGE: ErrorOutcome = { status: "failed", problem: { code: "no_image", serverText: null } };

/** The image's address on the target's server, or why it was not copied. */
export type CopiedImage = { status: "copied"; url: string } | ErrorOutcome;

type Scope = Pick<StepScope<unknown>, "source" | "target" | "imageCopies" | "inTurn">;

/**
 * Copies an image from the source's server to the target's, once in a run. The downloaded bytes are
 * checked, because a server or its proxy may send anything.
 *
 * If nobody has signed in the source, the target's server is asked, which may still have a copy.
 *
 * Two accounts on one server share its media, so the address stays.
 * @param url `mxc://`, as the source has it
 */
export async function copyImage(url: string, scope: Scope): Promise<CopiedImage> {
  const mxc = parseMxc(url);
  if (mxc === null) return UNREADABLE;
  // Another step may be inTurn the same image.
  return scope.inTurn.run(`${scope.target.userId} ${url}`, async () => {
    const known = await addressOnTarget(url, scope);
    return known === null ? await copyOnce(mxc, url, scope) : { status: "copied", url: known };
  });
}

/**
 * The address of an image on the target's server: its own address if it needs no copy, or that of
 * its copy; `null` if it was not copied.
 */
export async function addressOnTarget(
  url: string,
  { source, target, imageCopies }: Scope,
): Promise<string | null> {
  if (serverNameOf(source.userId) === serverNameOf(target.userId)) return url;
  return await imageCopies.get(url);
}

async function copyOnce(mxc: Mxc, url: string, { source, target, imageCopies }: Scope): Promise<CopiedImage> {
  try {
    const maxBytes = await maxBytesOf(target);
    const image = source.isSignedIn
      ? await downloadImage(source, mxc, maxBytes)
      : await downloadKeptCopy(target, mxc, maxBytes);
    if ("status" in image) return image;
    const copy = await uploadImage(target, image);
    await imageCopies.put(url, copy);
    return { status: "copied", url: copy };
  } catch (error) {
    return toOutcome(error);
  }
}

/**
 * The largest upload that the target's server accepts (CS §Content repository, `m.upload.size`).
 * Some servers have only the endpoint from before v1.11, others have neither.
 */
async function maxBytesOf(target: StepSession): Promise<number> {
  for (const path of ["/_matrix/client/v1/media/config", "/_matrix/media/v3/config"]) {
    try {
      const config = await target.request({ method: "GET", path, schema: configSchema });
      return Math.min(config["m.upload.size"] ?? MAX_IMAGE_BYTES, MAX_IMAGE_BYTES);
    } catch (error) {
      if (!(error instanceof HomeserverError && (error.status === 404 || error.status === 405))) throw error;
    }
  }
  return MAX_IMAGE_BYTES;
}

async function downloadImage(
  source: StepSession,
  mxc: Mxc,
  maxBytes: number,
): Promise<Medium | ErrorOutcome> {
  try {
    return imageIn(await downloadMedium(source, mxc, { maxBytes, timeoutMs: TIMEOUT_MS }));
  } catch (error) {
    return refusedImage(error) ?? attributedTo("source", toOutcome(error));
  }
}

/** The copy that the target's server has of an image, which it cannot fetch any more. */
async function downloadKeptCopy(
  target: StepSession,
  mxc: Mxc,
  maxBytes: number,
): Promise<Medium | ErrorOutcome> {
  try {
    return imageIn(await downloadMedium(target, mxc, { maxBytes, timeoutMs: KEPT_COPY_TIMEOUT_MS }));
  } catch (error) {
    if (isLostMedium(error)) return GONE;
    return refusedImage(error) ?? toOutcome(error);
  }
}

function imageIn({ bytes }: Medium): Medium | ErrorOutcome {
  const contentType = imageTypeOf(bytes);
  return contentType === null ? NO_IMAGE : { bytes, contentType };
}

function refusedImage(error: unknown): ErrorOutcome | null {
  if (error instanceof UnreachableError && error.reason === "too_large")
    return { status: "failed", problem: { code: "refused", serverText: null } };
  if (error instanceof HomeserverError && error.status === 404)
    return { status: "failed", problem: serverProblem("gone", error) };
  return null;
}

/**
 * @returns the address of the image. It is checked: a profile with any other text would have no
 * image
 */
async function uploadImage(target: StepSession, image: Medium): Promise<string> {
  const [ending] = image.contentType.slice("image/".length).split("+");
  const { content_uri: url } = await target.upload({
    path: "/_matrix/media/v3/upload",
    query: { filename: `avatar.${ending ?? "image"}` },
    medium: image,
    schema: uploadedSchema.refine((uploaded) => parseMxc(uploaded.content_uri) !== null),
    timeoutMs: TIMEOUT_MS,
  });
  return url;
}
