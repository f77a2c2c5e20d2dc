package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"firn/internal/cli"
)

func manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages",
		Long: `Write a manual page in section 1 for each command into a directory, which is made
if it does not exist. To read them: man -M, or the directory man1 of a path in MANPATH.

` + exitCodes,
		Example: "  firn man ~/.local/share/man/man1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			pages := cli.ManPages(cmd.Root())
			for _, page := range pages {
				if err := os.WriteFile(filepath.Join(args[0], page.File), page.Text, 0o644); err != nil {
					return err
				}
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%d pages\n", len(pages))
			return err
		},
	}
}
