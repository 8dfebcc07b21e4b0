/** The ring and the name. */
export function Brand() {
  return (
    <span className="brand">
      <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
        <circle cx="16" cy="16" r="11" fill="none" stroke="currentColor" strokeWidth="5" />
        <path d="M2 16h28" stroke="currentColor" strokeWidth="3" strokeLinecap="round" />
      </svg>
      Hoop
    </span>
  );
}
