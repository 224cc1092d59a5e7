/** Whether a text is a document of a schema, by a validator that is not ours. */
import { Ajv2020 } from 'ajv/dist/2020.js';

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`)),
  time: (text) => isTime(text),
  'date-time': (text) => !Number.isNaN(Date.parse(text)) && isTime(text.slice(11)),
  uuid: (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text),
  ipv4: (text) => /^\d+(\.\d+){3}$/.test(text) && text.split('.').every((part) => Number(part) < 256),
  email: (text) => /^[\w+.-]+@[a-z0-9]+(\.[a-z0-9]+)+$/i.test(text),
};

function isTime(text: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/.test(text);
}

const ajv = new Ajv2020({ formats: FORMATS, strict: false });
const validators = new WeakMap<object, ReturnType<typeof ajv.compile>>();

/** Undefined where the document is right, else what is wrong with it. */
export function findFault(text: string, schema: object): string | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return String(error);
  }
  const validate = validators.get(schema) ?? ajv.compile(schema);
  validators.set(schema, validate);
  return validate(document) ? undefined : ajv.errorsText(validate.errors);
}
