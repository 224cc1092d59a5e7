/**
 * Brings a checkout into the state that its lockfile describes: packages, and the pinned Node that all other scripts
 * run on. Plain JavaScript for the machine's own Node (20 or newer), since TypeScript runs only after this.
 *
 * Install scripts of packages stay off (`.npmrc`): none is needed but that of `node`, which is run here by name.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === 'win32';
const lockFile = join(root, '.cache', 'setup.lock');
const nodePackage = join(root, 'node_modules', 'node');
const pinnedNode = join(nodePackage, 'bin', windows ? 'node.exe' : 'node');
const oldestNode = 20;
const ownMajor = Number(process.versions.node.split('.')[0]);

/**
 * `npm install` as the lockfile says, leaving the lockfile alone. `npm ci` would refuse it: it lists the platform
 * packages (of oxlint, of Foundry, …) for the machines where it was written, and other machines add their own.
 */
const asLocked = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/** A reason to stop that the reader can act on: one sentence, no stack. */
export class SetupError extends Error {}

/**
 * Installs what is missing or stale and returns the path of the Node to run everything else on.
 * @returns {Promise<string>}
 */
export async function setUp() {
  if (ownMajor < oldestNode) {
    throw new SetupError(
      `Node ${oldestNode} or newer is needed to start (this is ${process.versions.node}).`,
    );
  }
  if (!isStale() && existsSync(pinnedNode)) return pinnedNode;
  const release = await lock();
  try {
    if (isStale()) {
      await step('Installing packages', [...npm(), 'install', ...asLocked], root);
    }
    return await installNode();
  } finally {
    release();
  }
}

/** Whether some package is not there in the version that the lockfile names; npm keeps its own list of what is there. */
function isStale() {
  const wanted = packagesIn('package-lock.json');
  const there = packagesIn('node_modules/.package-lock.json');
  return Object.entries(wanted).some(([path, { version, integrity, optional }]) => {
    if (path === '') return false;
    const found = there[path];
    return found ? found.version !== version || found.integrity !== integrity : !optional;
  });
}

/** @returns {Record<string, { version: string, integrity?: string, optional?: boolean }>} by folder */
function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return {};
  }
}

/** The pinned Node from its npm package; where that has no binary for this machine, its own Node if new enough. */
async function installNode() {
  const wanted = JSON.parse(readFileSync(join(nodePackage, 'package.json'), 'utf8')).version;
  const wantedMajor = Number(wanted.split('.')[0]);
  if (versionOf(pinnedNode) !== wanted) {
    const installer = [process.execPath, 'installArchSpecificPackage.js'];
    await step(`Installing Node ${wanted}`, installer, nodePackage).catch((error) => {
      if (ownMajor < wantedMajor) throw error;
    });
  }
  if (versionOf(pinnedNode) === wanted) {
    if (!windows) linkIntoBin();
    return pinnedNode;
  }
  if (ownMajor >= wantedMajor) return process.execPath;
  throw new SetupError(
    `No packaged Node ${wanted} runs on ${process.platform} ${process.arch}: install Node ${wantedMajor} and try again.`,
  );
}

/** npm links no binary that was not there yet when it ran; with the link, `node_modules/.bin` on PATH is enough. */
function linkIntoBin() {
  const link = join(root, 'node_modules', '.bin', 'node');
  rmSync(link, { force: true });
  symlinkSync('../node/bin/node', link);
}

function versionOf(node) {
  const { status, stdout } = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** The npm that started us, else the one on PATH. */
function npm() {
  const started = process.env['npm_execpath'];
  if (started?.endsWith('.js')) return [process.execPath, started];
  const found = spawnSync('npm', ['--version'], { shell: windows }).status === 0;
  if (!found) throw new SetupError('npm was not found: it comes with Node, install it and try again.');
  return ['npm'];
}

/** Runs one long command: says that it began, that it is still at it, and how long it took. Its output shows only if it fails. */
function step(title, [program, ...parameters], cwd) {
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  console.error(`${title} …`);
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      cwd,
      shell: windows && program === 'npm',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    const ticker = setInterval(() => console.error(`  … ${seconds()} s`), 15_000);
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(ticker);
      if (code === 0) {
        console.error(`${title}: done in ${seconds()} s`);
        resolve(undefined);
      } else {
        console.error(output.trimEnd());
        reject(new SetupError(`${title} failed (exit code ${code}): the lines above say why.`));
      }
    });
  });
}

/**
 * One installation at a time in a checkout: two would write the same folders.
 * @returns {Promise<() => void>} gives the lock back
 */
async function lock() {
  mkdirSync(dirname(lockFile), { recursive: true });
  let told = false;
  for (;;) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      return () => rmSync(lockFile, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!holderLives()) {
      rmSync(lockFile, { force: true });
      continue;
    }
    if (!told) console.error('Waiting for another installation in this checkout …');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function holderLives() {
  try {
    return process.kill(Number(readFileSync(lockFile, 'utf8')), 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
