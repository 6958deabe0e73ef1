/** The characters of every identifier that may enter a backend's URL. */
export const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A signed download token: base64url parts joined by dots. */
export const DOWNLOAD_TOKEN = /^[A-Za-z0-9_-]{1,2048}(\.[A-Za-z0-9_-]{1,512}){0,2}$/;

/** A sample id, as it may stand in file names and read groups of every tool behind the platform. */
export const SAMPLE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** A project's id. */
export const PROJECT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
