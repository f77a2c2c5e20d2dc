package treehash_test

import (
	"fmt"

	"firn/treehash"
)

func ExampleRoot() {
	archive := make([]byte, 5<<20)
	part := 4 << 20
	whole := treehash.Root([]treehash.Hash{
		treehash.Sum(archive[:part]),
		treehash.Sum(archive[part:]),
	})
	fmt.Println(whole)
	fmt.Println(whole == treehash.Sum(archive))
	// Output:
	// 3de9bfb690ff216d907474b4aa56a6f77a8c846a08b26885d4ab2282092a757e
	// true
}
