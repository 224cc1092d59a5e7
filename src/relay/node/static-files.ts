import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { contentSecurityPolicy, type PageSources } from './content-security.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json',
};

/** Serves the built page. @returns false where no file fits: the caller answers 404. */
export type StaticFiles = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
) => Promise<boolean>;

/**
 * Files below `folder`. A path without an extension is a place within the page and gets `index.html`; a missing file
 * never does, since a page in place of a `.wasm` gives the most puzzling of errors.
 */
export function createStaticFiles(folder: string, sources: PageSources): StaticFiles {
  return async (request, response, path) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const name = fileName(path);
    if (name === undefined) return false;
    const extension = extname(name);
    const file = join(folder, extension === '' ? 'index.html' : name);
    const info = await stat(file).catch(() => undefined);
    if (!info?.isFile()) return false;
    const tag = `"${info.size.toString(36)}-${Math.floor(info.mtimeMs).toString(36)}"`;
    const headers: Record<string, string> = {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      // The build puts a hash into the names below assets/: those never change.
      'cache-control': name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag: tag,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'cross-origin',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'content-range, etag',
      'accept-ranges': 'bytes',
      // A worker takes its policy from its own script's answer, not from the page's.
      ...(['.html', '.js', '.mjs'].includes(extname(file))
        ? { 'content-security-policy': contentSecurityPolicy(sources, request.headers.host) }
        : {}),
    };
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304, headers).end();
      return true;
    }
    const part = readRange(request.headers, tag, info.size);
    if (part === 'beyond') {
      response.writeHead(416, { ...headers, 'content-range': `bytes */${info.size}` }).end();
      return true;
    }
    const { start, end } = part ?? { start: 0, end: info.size - 1 };
    response.writeHead(part ? 206 : 200, {
      ...headers,
      'content-length': end - start + 1,
      ...(part ? { 'content-range': `bytes ${start}-${end}/${info.size}` } : {}),
    });
    if (request.method === 'HEAD' || info.size === 0) response.end();
    // A client that goes away in the middle is no fault of ours.
    else await pipeline(createReadStream(file, { start, end }), response).catch(() => response.destroy());
    return true;
  };
}

/**
 * The part that was asked for, both ends counted, so that a broken download goes on where it broke; undefined for the
 * whole file, which is the answer to whatever is not one plain range too.
 */
function readRange(
  headers: IncomingHttpHeaders,
  tag: string,
  size: number,
): { start: number; end: number } | 'beyond' | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  if (!match || (headers['if-range'] !== undefined && headers['if-range'] !== tag)) return undefined;
  const start = Number(match[1]);
  const end = match[2] ? Math.min(Number(match[2]), size - 1) : size - 1;
  if (start >= size) return 'beyond';
  return end < start ? undefined : { start, end };
}

/** The file's name below the folder, with `/` between; undefined where it leads out of it or hides. */
function fileName(path: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const name = normalize(decoded).split(sep).join('/').replace(/^\/+/, '');
  const hides = name.split('/').some((part) => part.startsWith('.') && part !== '.');
  return hides || name.includes('\0') ? undefined : name;
}
