import { Button, NativeSelect } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import { emptyScreen, type Frame, screenAfter } from "./screen.js";
import { ScreenView } from "./screen-view.js";

/** Longer pauses are cut to this, in seconds. */
const longestPause = 2;
const speeds = ["1", "2", "4", "16"];

/** Plays frames in their time; pauses are cut short. */
export function ScreenPlayer({ frames }: { frames: readonly Frame[] }) {
  const [at, setAt] = useState(0);
  const [playing, setPlaying] = useState(true);
  const [speed, setSpeed] = useState("1");
  const last = frames.length - 1;
  const screen = useMemo(() => frames.slice(0, at + 1).reduce(screenAfter, emptyScreen), [frames, at]);
  useEffect(() => {
    if (!playing || at >= last) return;
    const pause = Math.min(Math.max(0, frames[at + 1]!.at - frames[at]!.at), longestPause) / Number(speed);
    const timer = setTimeout(() => setAt(at + 1), pause * 1_000);
    return () => clearTimeout(timer);
  }, [frames, at, last, playing, speed]);
  const over = at >= last;
  return (
    <>
      <ScreenView screen={screen} />
      <div className="row">
        <Button
          size="compact-sm"
          onClick={() => {
            if (over) setAt(0);
            setPlaying(over || !playing);
          }}
        >
          {over ? "Again" : playing ? "Pause" : "Play"}
        </Button>
        <input
          className="screen-seek"
          type="range"
          aria-label="Place in the recording"
          min={0}
          max={last}
          value={at}
          onChange={(event) => {
            setPlaying(false);
            setAt(Number(event.currentTarget.value));
          }}
        />
        <span className="dim small mono">{Math.round(frames[at]!.at)} s</span>
        <NativeSelect
          aria-label="Speed"
          size="xs"
          value={speed}
          onChange={(event) => setSpeed(event.currentTarget.value)}
          data={speeds.map((value) => ({ value, label: `${value} ×` }))}
        />
      </div>
    </>
  );
}
