package rest

import "firn/glacier"

// A Meter counts what comes and goes. *history.History is one.
type Meter interface {
	// Uploaded is told of a body that has become durable: an archive, or a
	// part of one.
	Uploaded(account glacier.AccountID, bytes int64)
	// Downloaded is told of a reply with a job's output, and how much of it the
	// client has taken.
	Downloaded(account glacier.AccountID, bytes int64)
}

// noMeter counts nothing.
type noMeter struct{}

func (noMeter) Uploaded(glacier.AccountID, int64)   {}
func (noMeter) Downloaded(glacier.AccountID, int64) {}
