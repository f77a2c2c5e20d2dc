package cli

import (
	"math"
	"runtime/debug"
)

// enough is the memory that a verb should do with. What is collected in time needs no more: a verb has as many buffers as it has
// requests under way.
const enough = 128 << 20

// beThrifty has memory collected before there is more than enough of it, unless GOMEMLIMIT says otherwise.
func beThrifty() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(enough)
	}
}
