/**
 * The page that the link leads to. It shows far less than the production server's, and enough to
 * try it by hand.
 */
export function consentPage(said: string): string {
  return `<!doctype html><meta charset="utf-8"><title>Sign in by link</title>
<h1>A demo's authorization server</h1>
<p>${said}</p>
<form method="post">
<p><label>Code <input name="code" required></label></p>
<p><label>User name <input name="localpart" required></label></p>
<p><button name="answer" value="approve">Grant access</button> <button name="answer" value="deny">Cancel</button></p>
</form>`;
}
