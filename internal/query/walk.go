package query

// children returns the operands of a node.
func children(e expr) []expr {
	switch e := e.(type) {
	case *negation:
		return []expr{e.operand}
	case *arithmetic:
		return []expr{e.a, e.b}
	case *compared:
		return []expr{e.a, e.b}
	case *junction:
		return e.terms
	case *between:
		return []expr{e.operand, e.low, e.high}
	case *in:
		return append([]expr{e.operand}, e.list...)
	case *like:
		if e.escape == nil {
			return []expr{e.operand, e.pattern}
		}
		return []expr{e.operand, e.pattern, e.escape}
	case *is:
		return []expr{e.operand}
	case *cases:
		return e.children()
	case *casted:
		return []expr{e.operand}
	case *call:
		return e.args
	case *aggregate:
		if e.operand != nil {
			return []expr{e.operand}
		}
	}
	return nil
}

func (e *cases) children() []expr {
	var all []expr
	if e.operand != nil {
		all = append(all, e.operand)
	}
	for _, w := range e.when {
		all = append(all, w[0], w[1])
	}
	if e.otherwise != nil {
		all = append(all, e.otherwise)
	}
	return all
}

// bareColumn looks for a column that is not inside an aggregate.
func bareColumn(e expr) (position, bool) {
	switch e := e.(type) {
	case *column:
		return e.position, true
	case *aggregate:
		return position{}, false
	default:
		for _, c := range children(e) {
			if at, ok := bareColumn(c); ok {
				return at, true
			}
		}
	}
	return position{}, false
}
