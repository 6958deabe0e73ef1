/** The characters of every identifier that may enter a backend's URL. */
export const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A sample id, as it may stand in file names and read groups of every tool behind the platform. */
export const SAMPLE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
