import { setTimeout as delay } from 'node:timers/promises';
import { ProblemError } from './problem-error.mjs';

const MAX_WAITS = 8;
const MAX_WAIT_SECONDS = 120;
const ANSWER_TIMEOUT_MS = 60_000;
/** Renew this long before the end, so that no request travels with a token that expires on its way. */
const RENEW_EARLY_MS = 10_000;

/**
 * A session with the gateway: sends the access token, renews it when it ends, and waits as long as a 429 or a 503
 * with Retry-After asks. Everything but a success is thrown as a ProblemError.
 */
export class GatewayClient {
  #baseUrl;
  #signal;
  #say;
  #tokens;
  #renewal;

  /**
   * @param {{ baseUrl: string, signal: AbortSignal, say: (line: string) => void }} options `say` is told of waits;
   * `signal` ends whatever is under way
   */
  constructor({ baseUrl, signal, say }) {
    this.#baseUrl = new URL(baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
    this.#signal = signal;
    this.#say = say;
  }

  get accessToken() {
    return this.#tokens?.accessToken;
  }

  async login(username, password) {
    const session = await this.#post('auth/login', { username, password });
    this.#keep(session);
    return session;
  }

  async logout() {
    await this.request('POST', 'auth/logout', { json: { refresh_token: this.#tokens.refreshToken } });
  }

  /** @returns {Promise<any>} the parsed JSON body of a successful answer */
  async json(method, path, body, headers = {}) {
    const response = await this.request(method, path, { json: body, headers });
    return await response.json();
  }

  /**
   * @param {string} method
   * @param {string} path relative to the gateway's address, or a path that starts with `/` as links in bodies do
   * @param {{ query?: Record<string, string>, headers?: Record<string, string>, json?: unknown, body?: () => BodyInit,
   *   timeoutMs?: number, isPublic?: boolean }} [options] `body` makes a fresh body for each attempt;
   *   `timeoutMs` bounds the wait for the answer's header section; `isPublic` sends no token
   * @returns {Promise<Response>} a successful answer
   */
  async request(method, path, options = {}) {
    let hasRenewed = false;
    for (let waits = 0; ;) {
      const token = options.isPublic ? undefined : await this.#freshToken();
      const response = await this.#send(method, path, token, options);
      if (response.ok) return response;
      const problem = await ProblemError.from(response);
      const seconds = waitAskedFor(response);
      if (seconds !== undefined && waits < MAX_WAITS) {
        waits += 1;
        this.#say(`the gateway asks to wait ${seconds} s (${problem.code ?? response.status})`);
        await delay(seconds * 1_000, undefined, { signal: this.#signal });
      } else if (problem.code === 'expired_token' && token !== undefined && !hasRenewed) {
        hasRenewed = true;
        await this.#renew();
      } else {
        throw problem;
      }
    }
  }

  /** The status the gateway answers to `token`, asked without renewing or waiting. */
  async statusFor(token) {
    const response = await this.#send('GET', 'auth/me', token, {});
    await response.body?.cancel();
    return response.status;
  }

  async #post(path, json) {
    const response = await this.request('POST', path, { json, isPublic: true });
    return await response.json();
  }

  async #send(method, path, token, { query, headers = {}, json, body, timeoutMs = ANSWER_TIMEOUT_MS }) {
    const url = this.#resolve(path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(new Error('the gateway did not answer in time')), timeoutMs);
    try {
      return await fetch(url, {
        method,
        headers: {
          accept: 'application/json, application/problem+json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: json === undefined ? body?.() : JSON.stringify(json),
        duplex: 'half',
        redirect: 'error',
        signal: AbortSignal.any([this.#signal, timeout.signal]),
      });
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason;
      throw new Error(`${url.origin} cannot be reached: ${timeout.signal.reason?.message ?? causeOf(error)}`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  // Links in bodies are absolute paths or URLs; a link to another host must not be followed with this session's token.
  #resolve(path) {
    const url = new URL(path, this.#baseUrl);
    if (url.origin !== this.#baseUrl.origin) throw new Error(`a link leads away from the gateway, to ${url.origin}`);
    return url;
  }

  async #freshToken() {
    if (this.#tokens === undefined) throw new Error('not logged in');
    if (Date.now() > this.#tokens.renewAt) await this.#renew();
    return this.#tokens.accessToken;
  }

  // A refresh token serves once, so requests under way at the same time share one renewal.
  #renew() {
    this.#renewal ??= this.#post('auth/refresh', { refresh_token: this.#tokens.refreshToken })
      .then((session) => this.#keep(session))
      .finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }

  #keep(session) {
    const lifeMs = session.expires_in * 1_000;
    this.#tokens = {
      accessToken: session.access_token,
      refreshToken: session.refresh_token,
      renewAt: Date.now() + lifeMs - Math.min(RENEW_EARLY_MS, lifeMs / 2),
    };
  }
}

// Retry-After is in seconds or an HTTP date (RFC 9110 section 10.2.3).
function waitAskedFor(response) {
  if (response.status !== 429 && response.status !== 503) return undefined;
  const value = response.headers.get('retry-after');
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : Math.ceil((Date.parse(value) - Date.now()) / 1_000);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 1), MAX_WAIT_SECONDS) : undefined;
}

const causeOf = (error) => error.cause?.code ?? error.cause?.message ?? error.message;
