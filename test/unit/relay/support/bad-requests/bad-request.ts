/** [what is wrong, the body (an object's missing fields are made good), status, code, param] */
export type BadRequest = [string, unknown, number, string, string | null];
