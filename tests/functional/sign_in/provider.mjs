// A certified OpenID provider on loopback, with PKCE required and two people.
// node provider.mjs <path of oidc-provider> <port> <address of the platform>
import { pathToFileURL } from 'node:url';

const [, , library, port, platform] = process.argv;
const { Provider } = await import(pathToFileURL(library));

const people = {
  alice: { email: 'alice@corp.example', groups: ['developers', 'everybody'] },
  bob: { email: 'bob@corp.example', groups: ['everybody'] },
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'kargo',
      client_secret: 'a-long-secret-of-the-client-for-tests',
      redirect_uris: [`${platform}/oidc/corp/callback/`],
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
    claims: async () => ({ sub: id, email_verified: true, ...people[id] }),
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
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
