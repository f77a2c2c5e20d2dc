package query

import "firn/internal/value"

// An expr is a node of an expression. A node knows where it stands for the
// errors that concern it.
type expr interface{ where() position }

type (
	literal struct {
		position
		value value.Value
	}

	// A column is a reference by position or by name. path has more than one
	// name for what lies inside a JSON object.
	column struct {
		position
		path []name
	}

	// negation is -operand, or NOT operand.
	negation struct {
		position
		operand expr
		logical bool
	}

	arithmetic struct {
		position
		op   value.Operator
		a, b expr
	}

	compared struct {
		position
		op   value.Comparison
		a, b expr
	}

	// junction is two or more conditions joined by AND, or by OR.
	junction struct {
		position
		or    bool
		terms []expr
	}

	between struct {
		position
		operand, low, high expr
		not                bool
	}

	in struct {
		position
		operand expr
		list    []expr
		not     bool
	}

	like struct {
		position
		operand, pattern, escape expr // escape may be nil
		not                      bool
	}

	// is tests for NULL, which MISSING is too, or for MISSING alone.
	is struct {
		position
		operand expr
		missing bool
		not     bool
	}

	// cases is CASE. operand is nil in the form that has conditions.
	cases struct {
		position
		operand   expr
		when      [][2]expr
		otherwise expr // nil is NULL
	}

	casted struct {
		position
		operand expr
		to      value.Kind
	}

	// call is a function of values. part is a part of a timestamp, where the
	// function takes one.
	call struct {
		position
		function string
		part     string
		args     []expr
	}

	// aggregate is a function of all records. operand is nil in COUNT(*).
	aggregate struct {
		position
		function string
		operand  expr
		index    int // among those of the statement
	}
)

// A name is an identifier. Quoted, it has case.
type name struct {
	text   string
	quoted bool
	at     position
}

func (p position) where() position { return p }

// A projection is one column of the result.
type projection struct {
	value expr
}

// A Statement is a parsed SELECT.
type Statement struct {
	star        bool
	projections []projection
	alias       *name // of the table; nil if it has none
	condition   expr  // nil if there is none
	limit       int64 // -1 if there is none
	aggregates  []*aggregate
}
