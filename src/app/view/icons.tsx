import type { JSX } from 'preact';

/** Line icons of one family: 20 px, drawn with the text's colour, silent to screen readers. */
function Icon({ children }: { children: JSX.Element | JSX.Element[] }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

/** The sun that has just gone under. */
export function Wordmark(): JSX.Element {
  return (
    <span class="wordmark">
      <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">
        <defs>
          <linearGradient id="dusk" x1="0" y1="0" x2="0" y2="1">
            <stop offset="0" stop-color="#ffc27a" />
            <stop offset="0.55" stop-color="#ff7a45" />
            <stop offset="1" stop-color="#c2407a" />
          </linearGradient>
        </defs>
        <path d="M5 20a11 11 0 0 1 22 0z" fill="url(#dusk)" />
        <path class="wordmark-lines" d="M2 23.5h28M7 27.5h18" />
      </svg>
      Afterglow
    </span>
  );
}

export const GearIcon = (): JSX.Element => (
  <Icon>
    <path d="M3 6h7M14 6h3M3 14h3M10 14h7" />
    <circle cx="12" cy="6" r="2" />
    <circle cx="8" cy="14" r="2" />
  </Icon>
);

export const WalletIcon = (): JSX.Element => (
  <Icon>
    <path d="M3 6.5A1.5 1.5 0 0 1 4.5 5H15v3M3 6.5V15a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1V9a1 1 0 0 0-1-1H4.5A1.5 1.5 0 0 1 3 6.5z" />
    <path d="M13.5 12h.01" />
  </Icon>
);

export const CopyIcon = (): JSX.Element => (
  <Icon>
    <rect x="7" y="7" width="9" height="9" rx="1.5" />
    <path d="M4 13V5.5A1.5 1.5 0 0 1 5.5 4H13" />
  </Icon>
);

export const CheckIcon = (): JSX.Element => (
  <Icon>
    <path d="M4 10.5l4 4 8-9" />
  </Icon>
);

export const CrossIcon = (): JSX.Element => (
  <Icon>
    <path d="M5 5l10 10M15 5L5 15" />
  </Icon>
);

export const WarningIcon = (): JSX.Element => (
  <Icon>
    <path d="M10 3.5L17.5 16.5h-15zM10 8.5v3.5M10 14.300v.01" />
  </Icon>
);

export const PauseIcon = (): JSX.Element => (
  <Icon>
    <path d="M7 5v10M13 5v10" stroke-width="3" />
  </Icon>
);

export const PlayIcon = (): JSX.Element => (
  <Icon>
    <path d="M6.5 4.5v11l9-5.5z" fill="currentColor" />
  </Icon>
);

export const StopIcon = (): JSX.Element => (
  <Icon>
    <rect x="5.5" y="5.5" width="9" height="9" rx="1.5" fill="currentColor" />
  </Icon>
);

export const DownloadIcon = (): JSX.Element => (
  <Icon>
    <path d="M10 3.5v9M6 9l4 4 4-4M4 16.500h12" />
  </Icon>
);

export const ArrowIcon = (): JSX.Element => (
  <Icon>
    <path d="M16 10H4.500M9.500 4.500L4 10l5.500 5.500" />
  </Icon>
);

export const ModelsIcon = (): JSX.Element => (
  <Icon>
    <path d="M10 3l7 3.500-7 3.500-7-3.500zM3 10.200l7 3.500 7-3.500M3 13.700l7 3.500 7-3.500" />
  </Icon>
);
