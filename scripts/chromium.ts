/**
 * The browser that tests, benchmarks and the demo network run in: found on this machine, and started with WebGPU on the
 * software adapter.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type LaunchOptions } from 'playwright-core';
import { unpackBundled, type FoundBrowser } from './bundled-chromium.ts';

export interface BrowserOptions {
  /** `software`: SwiftShader, the same everywhere (the default). `machine`: whatever GPU the machine has. */
  readonly adapter?: 'software' | 'machine';
  /** Lets hidden tabs be slowed down as a real browser does; off unless that is what is tested. */
  readonly throttleHiddenTabs?: boolean;
  readonly headless?: boolean;
  /** Further command-line flags. */
  readonly flags?: readonly string[];
}

/** Starts a browser whose contexts are in memory only. The caller closes it. */
export async function launchBrowser(options: BrowserOptions = {}): Promise<Browser> {
  return chromium.launch(launchOptions(await findBrowser(), options));
}

/** Starts a browser on a profile folder, so that a second start finds the first one's storage. The caller closes it. */
export async function launchProfile(folder: string, options: BrowserOptions = {}): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, launchOptions(await findBrowser(), options));
}

/**
 * `CHROME_PATH` if set, else the bundled Chromium where it fits (Linux on x64), else an installed Chrome or Edge.
 * Throws one clear sentence if there is none.
 */
export async function findBrowser(): Promise<FoundBrowser> {
  const named = process.env['CHROME_PATH'];
  if (named) {
    if (existsSync(named)) return { executablePath: named, bundled: false, env: {} };
    throw new Error(`CHROME_PATH names ${named}, but there is no such file.`);
  }
  if (process.platform === 'linux' && process.arch === 'x64') return unpackBundled();
  const installed = installedBrowsers().find((path) => existsSync(path));
  if (installed) return { executablePath: installed, bundled: false, env: {} };
  throw new Error('No Chrome or Edge was found: install one, or set CHROME_PATH to its program file.');
}

export function launchOptions(browser: FoundBrowser, options: BrowserOptions): LaunchOptions {
  const { adapter = 'software', throttleHiddenTabs = false, headless = true, flags = [] } = options;
  // The bundled build has no sandbox helper of its own, and user namespaces are off in many containers. It opens
  // pages of this machine only.
  const sandboxed = !browser.bundled && process.getuid?.() !== 0;
  return {
    executablePath: browser.executablePath,
    headless,
    // Who starts a browser closes it, in its own order: Playwright would end the whole process at the first signal.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    env: { ...(process.env as Record<string, string>), ...browser.env },
    args: [
      '--enable-unsafe-webgpu',
      ...(adapter === 'software' ? ['--use-webgpu-adapter=swiftshader'] : []),
      ...(sandboxed ? [] : ['--no-sandbox']),
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-quic',
      '--no-first-run',
      // Under LANG=C Chromium names its language `en-US@posix`, which `Intl` refuses and pages then fail on.
      '--accept-lang=en-US',
      ...flags,
    ],
    chromiumSandbox: sandboxed,
    ...(throttleHiddenTabs ? { ignoreDefaultArgs: flagsAgainstThrottling } : {}),
  };
}

/** Playwright sets these on its own. */
const flagsAgainstThrottling = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

function installedBrowsers(): readonly string[] {
  const home = homedir();
  const programs = [
    process.env['PROGRAMFILES'],
    process.env['PROGRAMFILES(X86)'],
    process.env['LOCALAPPDATA'],
  ];
  switch (process.platform) {
    case 'darwin':
      return ['/Applications', join(home, 'Applications')].flatMap((folder) =>
        ['Google Chrome', 'Microsoft Edge', 'Chromium'].map((app) =>
          join(folder, `${app}.app/Contents/MacOS/${app}`),
        ),
      );
    case 'win32':
      return programs
        .filter((folder) => folder !== undefined)
        .flatMap((folder) =>
          ['Google/Chrome/Application/chrome.exe', 'Microsoft/Edge/Application/msedge.exe'].map((app) =>
            join(folder, app),
          ),
        );
    default:
      return (process.env['PATH'] ?? '')
        .split(':')
        .flatMap((folder) =>
          ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'microsoft-edge'].map(
            (app) => join(folder, app),
          ),
        );
  }
}
