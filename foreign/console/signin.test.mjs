// Who gets in, how long for, and what nobody can do in another's name.

import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { test } from "node:test";
import { Server, allow, check, enter, harness, root, signIn, signOut } from "./harness.mjs";

const { server, visit } = await harness({ flags: ["--trusted-proxies", "127.0.0.9"] });
const { client } = server;
await client.createVault("photos");

// ask sends one request that no browser would, and returns {status, headers, text}. It follows nothing.
function ask(method, path, { to = server, headers = {}, form, from } = {}) {
  const body = form && new URLSearchParams(form).toString();
  const type = form ? { "content-type": "application/x-www-form-urlencoded" } : {};
  return new Promise((resolve, reject) => {
    request(to.url + path, { method, localAddress: from, agent: false, headers: { ...type, ...headers } }, async (answer) => {
      const text = (await answer.toArray()).join("");
      resolve({ status: answer.statusCode, headers: answer.headers, text });
    }).on("error", reject).end(body);
  });
}

// session signs in without a browser, and returns {cookie, csrf}.
async function session(key = root, how = {}) {
  const answer = await ask("POST", "/console/", { form: { key: key.id, secret: key.secret }, ...how });
  assert.equal(answer.status, 303, answer.text);
  const [cookie] = answer.headers["set-cookie"][0].split(";");
  const page = await ask("GET", "/console/vaults", { ...how, headers: { ...how.headers, cookie } });
  return { cookie, set: answer.headers["set-cookie"][0], csrf: page.text.match(/name="csrf" value="([^"]+)"/)[1] };
}

const vaults = async () => (await client.glacier("GET", ["vaults"])).body.VaultList.map((vault) => vault.VaultName);

test("sign in and out", async (t) => {
  const page = await visit(t);
  await page.goto("/console/");
  assert.equal(await page.title(), "Sign in · Firn");
  await enter(page, root);
  await page.waitForURL("**/console/vaults");
  await page.getByRole("link", { name: "photos" }).waitFor();
  await page.getByRole("banner").getByText("root").waitFor();
  const cookies = await page.context().cookies();
  await page.goto("/console/");
  assert.equal(new URL(page.url()).pathname, "/console/vaults", "who has signed in is not asked again");

  await signOut(page);
  assert.deepEqual(await page.context().cookies(), []);
  await page.goto("/console/vaults");
  await page.getByLabel("Access key id").waitFor();
  await page.context().addCookies(cookies);
  await page.goto("/console/vaults");
  await page.getByLabel("Access key id").waitFor();
});

test("back after signing out shows nothing", async (t) => {
  const page = await visit(t, { as: root });
  await signOut(page);
  await page.goBack();
  await page.waitForLoadState();
  assert.equal(await page.getByRole("link", { name: "photos" }).count(), 0);
});

test("the page that was asked for comes after signing in", async (t) => {
  const page = await visit(t);
  await page.goto("/console/vault?vault=photos");
  await enter(page, root);
  await page.waitForURL("**/console/vault?vault=photos");
  await page.getByRole("heading", { name: "photos" }).waitFor();
});

for (const next of ["https://example.com/", "//example.com", "/\\example.com", "../", "sign-out", "javascript:alert(1)"]) {
  test(`no other page comes after signing in: ${next}`, async () => {
    const answer = await ask("POST", `/console/?next=${encodeURIComponent(next)}`, { form: { key: root.id, secret: root.secret } });
    assert.deepEqual([answer.status, answer.headers.location], [303, "/console/vaults"]);
  });
}

test("a wrong secret and an unknown key are told the same", async (t) => {
  const page = await visit(t);
  allow(page, /^answer: 403 POST .*\/console\/$/);
  const said = [];
  const secret = "aSecretThatIsWrong/0123456789+abcdefghij";
  for (const key of [{ ...root, secret }, { id: "AKIANOSUCHKEY0000000", secret }]) {
    await page.goto("/console/");
    await enter(page, key);
    said.push(await page.getByRole("alert").innerText());
    assert.ok(!(await page.content()).includes(key.secret), "the page has the secret");
  }
  assert.equal(said[0], said[1]);
  assert.match(said[0], /no active access key/i);
  assert.deepEqual(await page.context().cookies(), []);
  await check(page);
  assert.ok(!server.log.includes(secret), "the log has the secret");
});

test("who fails too often waits, whatever he says of where he is; others do not", async (t) => {
  const own = await new Server({ flags: ["--trusted-proxies", "127.0.0.9"] }).start();
  t.after(() => own.stop());
  const attempt = (secret, how) => ask("POST", "/console/", { to: own, form: { key: root.id, secret }, ...how });
  for (let n = 0; n < 10; n++) assert.equal((await attempt("wrong")).status, 403, `attempt ${n}`);
  const refused = await attempt(root.secret);
  assert.equal(refused.status, 429);
  assert.match(refused.headers["retry-after"], /^[1-6]$/);
  assert.match(refused.text, /Too many attempts/);
  assert.equal(refused.headers["set-cookie"], undefined);
  assert.equal((await attempt(root.secret, { headers: { "x-forwarded-for": "192.0.2.1" } })).status, 429, "a stranger is believed");
  assert.equal((await attempt(root.secret, { from: "127.0.0.2" })).status, 303, "another address");
  const proxied = { from: "127.0.0.9", headers: { "x-forwarded-for": "192.0.2.1" } };
  assert.equal((await attempt(root.secret, proxied)).status, 303, "another visitor of the proxy");
  assert.equal((await attempt(root.secret, { from: "127.0.0.9", headers: { "x-forwarded-for": "127.0.0.1" } })).status, 429, "the same through the proxy");
});

test("a session ends when its key is disabled, and stays ended", async (t) => {
  const key = await client.createUser("ann", { attach: ["AmazonGlacierReadOnlyAccess"] });
  const page = await visit(t, { as: key });
  await page.getByRole("link", { name: "photos" }).click();
  await page.getByRole("heading", { name: "photos" }).waitFor();
  await client.setKey("ann", key.id, "Inactive");
  await page.reload();
  await page.getByLabel("Access key id").waitFor();
  await client.setKey("ann", key.id, "Active");
  await page.goto("/console/vaults");
  await page.getByLabel("Access key id").waitFor();
  await signIn(page, key);
  await page.getByRole("link", { name: "photos" }).waitFor();
  assert.ok(!(await page.content()).includes(key.secret), "the page has the secret");
  assert.ok(!server.log.includes(key.secret), "the log has the secret");
});

test("the key of a disabled session reaches the API no more", async () => {
  const key = await client.createUser("bob", { attach: ["AmazonGlacierFullAccess"] });
  const { cookie, csrf } = await session(key);
  const headers = { cookie, "x-firn-csrf": csrf };
  assert.equal((await ask("GET", "/console/api?path=%2F-%2Fvaults", { headers })).status, 200);
  await client.setKey("bob", key.id, "Inactive");
  assert.equal((await ask("GET", "/console/api?path=%2F-%2Fvaults", { headers })).status, 401);
});

test("a restart ends sessions", async (t) => {
  const own = await new Server().start();
  t.after(() => own.stop());
  const form = { key: root.id, secret: root.secret };
  const [cookie] = (await ask("POST", "/console/", { to: own, form })).headers["set-cookie"][0].split(";");
  const vaults = () => ask("GET", "/console/vaults", { to: own, headers: { cookie } });
  assert.equal((await vaults()).status, 200);
  await own.restart();
  assert.equal((await vaults()).status, 303);
});

test("the cookie is for the console and nobody's script", async (t) => {
  const page = await visit(t, { as: root });
  const [cookie, ...others] = await page.context().cookies();
  assert.deepEqual(others, []);
  assert.deepEqual([cookie.path, cookie.httpOnly, cookie.sameSite, cookie.secure], ["/console/", true, "Strict", false]);
  assert.ok(cookie.value.length >= 26, "a long id");
  assert.ok(cookie.expires - Date.now() / 1000 < 12 * 3600 + 60, "it lasts no longer than a session");
  assert.equal(await page.evaluate(() => document.cookie), "");
  const { set } = await session(root, { from: "127.0.0.9", headers: { "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7" } });
  assert.match(set, /^__Host-firn-console=.*; Path=\/;.*; Secure/, "behind a proxy with TLS");
});

test("each signing in makes a new session and ends the old", async () => {
  const first = await session();
  const second = await session(root, { headers: { cookie: first.cookie } });
  assert.notEqual(first.cookie, second.cookie);
  assert.equal((await ask("GET", "/console/vaults", { headers: { cookie: first.cookie } })).status, 303);
  const chosen = "firn-console=CHOSENBYSOMEBODYELSE";
  assert.notEqual((await session(root, { headers: { cookie: chosen } })).cookie, chosen);
});

test("a form needs the token of its session", async () => {
  const [mine, other] = [await session(), await session()];
  const headers = { cookie: mine.cookie };
  const make = (name, more) => ask("POST", "/console/vaults", { headers: { ...headers, ...more?.headers }, form: { vault: name, ...more?.form } });
  for (const [name, more] of Object.entries({
    "no-token": {}, "empty-token": { form: { csrf: "" } }, "foreign-token": { form: { csrf: other.csrf } },
    "foreign-origin": { form: { csrf: mine.csrf }, headers: { origin: "https://example.com" } },
    "null-origin": { form: { csrf: mine.csrf }, headers: { origin: "null" } },
    "same-site": { form: { csrf: mine.csrf }, headers: { "sec-fetch-site": "same-site" } },
    "cross-site": { form: { csrf: mine.csrf }, headers: { "sec-fetch-site": "cross-site" } },
  })) {
    assert.equal((await make(name, more)).status, 403, name);
    assert.ok(!(await vaults()).includes(name), name);
  }
  const made = await make("token", { form: { csrf: mine.csrf }, headers: { origin: server.url, "sec-fetch-site": "same-origin" } });
  assert.equal(made.status, 303, made.text);
  assert.ok((await vaults()).includes("token"));
  assert.equal((await ask("POST", "/console/sign-out", { headers, form: {} })).status, 403, "sign out");
  assert.equal((await ask("GET", "/console/vaults", { headers })).status, 200, "nobody has signed out");
});

test("nobody signs another in from elsewhere", async () => {
  const form = { key: root.id, secret: root.secret };
  const answer = await ask("POST", "/console/", { form, headers: { origin: "https://example.com", "sec-fetch-site": "cross-site" } });
  assert.deepEqual([answer.status, answer.headers["set-cookie"]], [403, undefined]);
});

test("the way through to the API needs the session and its token", async () => {
  const { cookie, csrf } = await session();
  const put = (headers) => ask("PUT", "/console/api?path=%2F-%2Fvaults%2Fthrough", { headers });
  assert.equal((await put({})).status, 401, "nobody");
  assert.equal((await put({ cookie })).status, 403, "no token");
  assert.equal((await put({ cookie, "x-firn-csrf": `${csrf}x` })).status, 403, "wrong token");
  assert.equal((await put({ cookie, "x-firn-csrf": csrf, origin: "https://example.com" })).status, 403, "foreign origin");
  assert.ok(!(await vaults()).includes("through"));
  assert.equal((await put({ cookie, "x-firn-csrf": csrf })).status, 201);
  assert.ok((await vaults()).includes("through"));
  for (const path of ["http://example.com/", "//example.com/", "no-slash", ""]) {
    const answer = await ask("GET", `/console/api?path=${encodeURIComponent(path)}`, { headers: { cookie, "x-firn-csrf": csrf } });
    assert.equal(answer.status, 400, path);
  }
});

// Another port of this machine is the same site, so the cookie travels: SameSite alone keeps nobody out.
test("a page of the same site can neither send forms nor show the console in a frame", async (t) => {
  const elsewhere = createServer((_, answer) => answer.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html><title>Elsewhere</title>
    <iframe name="inside" src="${server.url}/console/vaults"></iframe>
    <form method="post" action="${server.url}/console/vaults"><input name="vault" value="stolen"><button>Win</button></form>`));
  await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  t.after(() => elsewhere.close().closeAllConnections());
  const page = await visit(t, { as: root });
  allow(page, /./); // a page of ours would have none of these problems; this one is not
  await page.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
  assert.equal(await page.frame("inside").getByRole("link").count(), 0, "the console is in a frame");
  await page.getByRole("button", { name: "Win" }).click();
  await page.getByText("This request comes from another site.").waitFor();
  assert.ok(!(await vaults()).includes("stolen"));
});

test("every answer tells browsers to be careful", async () => {
  const { cookie, csrf } = await session();
  const page = await ask("GET", "/console/vaults", { headers: { cookie } });
  const asset = page.text.match(/<link rel="stylesheet" href="([^"]+)"/)[1];
  const answers = {
    "the first page": [await ask("GET", "/console/"), 200],
    "a page": [page, 200],
    "a way to the first page": [await ask("GET", "/console/vaults"), 303],
    "no slash": [await ask("GET", "/console"), 303],
    "no page": [await ask("GET", "/console/none", { headers: { cookie } }), 404],
    "a page outside": [await ask("GET", "/console/..%2f..%2f", { headers: { cookie } }), 404],
    "no vault": [await ask("GET", "/console/vault?vault=none", { headers: { cookie } }), 404],
    "a refusal": [await ask("POST", "/console/vaults", { headers: { cookie }, form: {} }), 403],
    "a wrong secret": [await ask("POST", "/console/", { form: { key: root.id, secret: "x" } }), 403],
    "a method": [await ask("DELETE", "/console/vaults", { headers: { cookie } }), 405],
    "a style sheet": [await ask("GET", asset), 200],
    "the API": [await ask("GET", "/console/api?path=%2F-%2Fvaults", { headers: { cookie, "x-firn-csrf": csrf } }), 200],
    "nobody at the API": [await ask("GET", "/console/api?path=%2F-%2Fvaults"), 401],
  };
  for (const [name, [{ status, headers }, want]] of Object.entries(answers)) {
    assert.equal(status, want, name);
    const policy = headers["content-security-policy"] ?? "";
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]) {
      assert.ok(policy.split("; ").includes(part), `${name}: ${part} in ${policy}`);
    }
    assert.ok(!/unsafe|\*|data:|http/.test(policy), `${name}: ${policy}`);
    assert.equal(headers["x-frame-options"], "DENY", name);
    assert.equal(headers["x-content-type-options"], "nosniff", name);
    assert.match(headers["referrer-policy"] ?? "", /^(same-origin|no-referrer)$/, name);
    if (name !== "a style sheet") assert.match(headers["cache-control"] ?? "", /no-store/, name);
  }
});

test("without JavaScript one signs in, makes a vault and signs out", async (t) => {
  const page = await visit(t, { as: root, script: false });
  await page.getByLabel("Name", { exact: true }).fill("plain");
  await page.getByRole("button", { name: "Create vault" }).click();
  await page.getByRole("status").getByText("plain").waitFor();
  assert.ok((await vaults()).includes("plain"));
  await signOut(page);
});

test("what a user may not do is not offered, and refused if tried", async (t) => {
  const reader = await client.createUser("reader", { attach: ["AmazonGlacierReadOnlyAccess"] });
  const page = await visit(t, { as: reader });
  await page.getByRole("link", { name: "photos" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Create vault" }).count(), 0);
  const { cookie, csrf } = await session(reader);
  await ask("POST", "/console/vaults", { headers: { cookie }, form: { csrf, vault: "readers" } });
  assert.ok(!(await vaults()).includes("readers"));
});

test("who may do nothing sees nothing", async (t) => {
  const page = await visit(t, { as: await client.createUser("nobody") });
  allow(page, /^answer: 403 GET .*vault=photos$/);
  await page.goto("/console/vaults");
  await page.getByText("You may not list this account's vaults.").waitFor();
  assert.ok(!(await page.content()).includes("photos"));
  await page.goto("/console/vault?vault=photos");
  await page.getByText("not authorized to perform: glacier:DescribeVault").waitFor();
});

for (const [look, how] of Object.entries({ light: {}, dark: { dark: true }, narrow: { narrow: true } })) {
  test(`the first page is for everybody, ${look}`, async (t) => {
    const page = await visit(t, how);
    await page.goto("/console/");
    await check(page);
  });
}

test("the commands of a page are for everybody", async (t) => {
  const page = await visit(t, { as: root });
  await page.getByText("The same with the AWS CLI").click();
  await check(page);
});
