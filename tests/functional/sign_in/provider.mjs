// A certified OpenID provider on loopback, with PKCE required and two people.
// Whoever is called eve-<something> gets an ID token with that wrong about it, see `forged`, or
// (eve-state, eve-code) comes back with another state or code.
// node provider.mjs <path of oidc-provider> <port> <address of the platform>
import { generateKeyPairSync, sign } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const [, , library, port, platform] = process.argv;
const { Provider } = await import(pathToFileURL(library));

const people = {
  alice: { email: 'alice@corp.example', groups: ['developers', 'everybody'] },
  bob: { email: 'bob@corp.example', groups: ['everybody'] },
};
const issuer = `http://127.0.0.1:${port}`;
const own = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const kid = 'of-the-tests';

const encoded = (document) => Buffer.from(JSON.stringify(document)).toString('base64url');
const decoded = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());
function signed(header, claims, key) {
  const text = `${encoded(header)}.${encoded(claims)}`;
  return `${text}.${key ? sign('RSA-SHA256', Buffer.from(text), key).toString('base64url') : ''}`;
}
const at = () => Math.floor(Date.now() / 1000);
const forged = {
  nothing: (header, claims) => signed(header, claims, own),
  audience: (header, claims) => signed(header, { ...claims, aud: 'somebody-else' }, own),
  cli: (header, claims) => signed(header, { ...claims, aud: 'kargo-cli' }, own),
  party: (header, claims) => signed(header, { ...claims, azp: 'somebody-else' }, own),
  issuer: (header, claims) => signed(header, { ...claims, iss: 'https://evil.example' }, own),
  slash: (header, claims) => signed(header, { ...claims, iss: `${issuer}/` }, own),
  nonce: (header, claims) => signed(header, { ...claims, nonce: 'another' }, own),
  nononce: (header, { nonce, ...claims }) => signed(header, claims, own),
  expired: (header, claims) => signed(header, { ...claims, iat: at() - 900, exp: at() - 300 }, own),
  future: (header, claims) => signed(header, { ...claims, iat: at() + 900, exp: at() + 1800 }, own),
  none: (header, claims) => signed({ alg: 'none' }, claims),
  key: (header, claims) => signed(header, claims, foreign),
};

const provider = new Provider(issuer, {
  jwks: { keys: [{ ...own.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] },
  clients: [
    {
      client_id: 'kargo',
      client_secret: 'a-long-secret-of-the-client-for-tests',
      redirect_uris: [`${platform}/oidc/corp/callback/`],
      post_logout_redirect_uris: [`${platform}/accounts/login/`],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
    {
      client_id: 'kargo-cli',
      redirect_uris: ['http://localhost/auth/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    },
    {
      client_id: 'somebody-else',
      redirect_uris: ['http://localhost/auth/callback'],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    },
  ],
  findAccount: async (_, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, email_verified: true, ...(people[id] ?? people.alice) }),
  }),
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['preferred_username'],
    groups: ['groups'],
  },
  scopes: ['openid', 'offline_access', 'email', 'profile', 'groups'],
  conformIdTokenClaims: false, // claims in the ID token, as most providers have them
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  cookies: { keys: ['tests'] },
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
});
provider.use(async (ctx, next) => {
  await next();
  const changed = { 'eve-state': 'state', 'eve-code': 'code' }[ctx.oidc?.session?.accountId];
  const answer = ctx.response.get('location');
  if (changed && answer.startsWith(platform)) {
    const address = new URL(answer);
    address.searchParams.set(changed, 'made-up');
    ctx.set('location', address.href);
  }
  if (ctx.oidc?.route !== 'token' || !ctx.body?.id_token) return;
  const [header, claims] = ctx.body.id_token.split('.').slice(0, 2).map(decoded);
  const forge = forged[claims.sub.replace('eve-', '')];
  if (forge) ctx.body.id_token = forge(header, claims);
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
