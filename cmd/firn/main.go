// Firn keeps archives: a self-hosted server for the Amazon Glacier vault API.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}
