/** The characters of every id that may become part of a key, a header field or a URL. */
export const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
