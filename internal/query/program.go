// Package query is the language of select jobs: the SQL that Glacier Select
// documents, and a little more.
//
// [Parse] reads a statement, [Statement.Bind] finds its columns in the records'
// form, and the [Program] that comes of it decides about one record at a time.
// Where records come from and where they go is not its business.
//
// The values, and what they come to, are those of package value. AND and OR go from
// left to right and stop when they are decided, so what stands behind may be what
// would fail. All that fails is an [*Error].
//
// The time and memory that one record takes are bounded by the lengths of the
// record and of the expression; a [context.Context] ends what takes too long. A
// program is for any number of goroutines, with an [Env] each.
package query

import (
	"context"
	"time"

	"firn/internal/timestamp"
	"firn/internal/value"
)

// A Row gives out the columns of one record.
type Row interface {
	// Column returns a column by its number: of a [Schema] with positions, its
	// index from 0 on, otherwise its index in [Program.Paths].
	Column(i int) value.Value
	// Text returns the bytes of a column that is a [value.Text], and ok false of any
	// other. It is the short way to what most conditions are about.
	Text(i int) (b []byte, ok bool)
}

// An Env is what a program needs while it runs. It is for one goroutine. Row is
// the record, to be set by the caller.
type Env struct {
	Row    Row
	work   work
	now    timestamp.Timestamp
	totals *Totals
	stack  []value.Value // the arguments of functions that are being evaluated
	made   int           // bytes of the strings that were made of the record
}

// NewEnv makes an Env. now is what UTCNOW() returns.
func NewEnv(ctx context.Context, now time.Time) *Env {
	return &Env{work: work{ctx: ctx}, now: timestamp.At(now)}
}

// A Program is a statement bound to the form of its records.
type Program struct {
	star        bool
	limit       int64
	condition   condition // nil if there is none
	projections []evaluator
	operands    []operand // of the aggregates
	aggregates  []*aggregate
	cost        int // of evaluating everything once: its nodes
	paths       [][]Name
}

// Star reports whether the records themselves are the result.
func (p *Program) Star() bool { return p.star }

// Limit is how many records the result has at most; -1 is any number.
func (p *Program) Limit() int64 { return p.limit }

// Aggregate reports whether the result is one record about all of them.
func (p *Program) Aggregate() bool { return len(p.aggregates) > 0 }

// Paths are the columns of a program that was bound to [Paths].
func (p *Program) Paths() [][]Name { return p.paths }

// Selects begins with a record, and reports whether it passes the condition: that it
// is TRUE, not FALSE or unknown.
func (p *Program) Selects(env *Env) (bool, error) {
	env.made = 0
	if err := env.work.spend(p.cost); err != nil {
		return false, err
	}
	if p.condition == nil {
		return true, nil
	}
	t, err := p.condition(env)
	return t == value.Yes, err
}

// Columns is how many columns the result has, if it is not Star.
func (p *Program) Columns() int { return len(p.projections) }

// Column returns a column of the result.
func (p *Program) Column(env *Env, i int) (value.Value, error) { return p.projections[i](env) }
