package audit

import "firn/internal/disk"

// prune removes the oldest files if a new one has been begun since the last time.
func (l *Log) prune() {
	if !l.fresh {
		return
	}
	l.fresh = false
	var names []string
	for _, p := range l.past[:l.surplus()] {
		names = append(names, p.name.String())
	}
	if len(names) == 0 {
		return
	}
	l.mu.Unlock()
	err := disk.RemoveSync(l.cfg.FS, names...)
	l.mu.Lock()
	if err == nil {
		l.past = l.past[len(names):]
		if l.stuck != nil {
			l.cfg.Log.Info("old audit files can be removed again")
		}
	} else {
		l.doubtNames(err) // It may have been the sync that failed.
		if l.stuck == nil {
			l.cfg.Log.Warn("old audit files cannot be removed", "err", err)
		}
	}
	l.stuck = err
}

// surplus returns how many of the closed files, from the oldest, are not to be kept: as many as can go with Keep full files' bytes
// remaining.
func (l *Log) surplus() int {
	if l.cfg.Keep == 0 {
		return 0
	}
	var kept int64
	for i := len(l.past) - 1; i >= 0; i-- {
		if kept/l.cfg.MaxSize >= int64(l.cfg.Keep) {
			return i + 1
		}
		kept += min(l.past[i].size, l.cfg.MaxSize)
	}
	return 0
}
