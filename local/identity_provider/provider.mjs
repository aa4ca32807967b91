// A provider of OpenID Connect on loopback: any name and password sign in, any page on this machine is a client.
//
// Its first line on standard output is its issuer. Lines on standard input are JSON and change its settings:
// {"accessSeconds": …, "audience": …, "refresh": …}; each is answered with a line. It ends with its input.

import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const settings = { accessSeconds: 300, audience: null, refresh: true };
const [clientId] = process.argv.slice(2);

function isHere(address) {
  return URL.canParse(address) && ["127.0.0.1", "localhost"].includes(new URL(address).hostname);
}

const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: clientId,
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      redirect_uris: ["http://localhost/"],
    },
  ],
  claims: { openid: ["sub"], email: ["email"] },
  conformIdTokenClaims: false, // the claims of `email` are in the ID token, too
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.com` }) }),
  pkce: { required: () => true },
  clientBasedCORS: (_ctx, origin) => isHere(origin),
  issueRefreshToken: () => settings.refresh,
  ttl: { Interaction: 3600, Session: 86400, Grant: 86400, IdToken: 3600, RefreshToken: 86400 },
  features: {
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource) => ({
        scope: "",
        audience: settings.audience ?? resource,
        accessTokenFormat: "jwt",
        accessTokenTTL: settings.accessSeconds,
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});

// The address of the page is known only after the deployment.
provider.Client.prototype.redirectUriAllowed = isHere;
provider.Client.prototype.postLogoutRedirectUriAllowed = isHere;
server.on("request", provider.callback());

console.log(issuer);
for await (const line of createInterface({ input: process.stdin })) {
  Object.assign(settings, JSON.parse(line));
  console.log("changed");
}
process.exit();
