package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// A shell that completes is not kept waiting, nor given more than a person reads.
const (
	completionTime = 2 * time.Second
	maxCompletions = 200
)

// complete completes the names of vaults, names in them, and files elsewhere.
func (v Verb) complete(f *common) cobra.CompletionFunc {
	places := strings.Fields(v.Use)[1:]
	vault := slices.Index(places, "VAULT")
	path := slices.IndexFunc(places, func(s string) bool { return strings.Trim(s, "[].…") == "PATH" })
	return func(cmd *cobra.Command, args []string, word string) (list []cobra.Completion, directive cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		directive = cobra.ShellCompDirectiveNoFileComp
		for _, place := range candidates(places, len(args)) {
			switch {
			case place == "VAULT":
				list = append(list, f.vaults(ctx, cmd, word)...)
			case path > vault && vault >= 0 && place == places[path]:
				list = append(list, f.paths(ctx, cmd, args[vault], word)...)
				directive |= cobra.ShellCompDirectiveNoSpace // a folder goes on
			default:
				directive &^= cobra.ShellCompDirectiveNoFileComp
			}
		}
		if vault < 0 {
			directive = cobra.ShellCompDirectiveDefault
		}
		return list, directive
	}
}

// candidates are what may stand as the n-th argument: after one that can be
// repeated, it again or what comes after it.
func candidates(places []string, n int) []string {
	many := slices.IndexFunc(places, func(s string) bool { return strings.Contains(s, "…") || strings.Contains(s, "...") })
	switch {
	case many >= 0 && n > many:
		return places[many:]
	case n < len(places):
		return places[n : n+1]
	}
	return nil
}

// vaults are the names that begin with a word, as far as they can be had.
func (f *common) vaults(ctx context.Context, cmd *cobra.Command, word string) (names []string) {
	s, err := f.open(ctx, cmd, 1)
	if err != nil {
		return nil
	}
	defer s.close()
	for v, err := range s.Remote.Vaults(ctx) {
		if err != nil {
			break
		}
		if strings.HasPrefix(string(v.VaultName), word) {
			names = append(names, string(v.VaultName))
		}
	}
	return names
}

// paths are the files and folders in a vault that begin with a word, up to the
// next slash.
func (f *common) paths(ctx context.Context, cmd *cobra.Command, vault, word string) (paths []string) {
	s, err := f.open(ctx, cmd, 1)
	if err != nil {
		return nil
	}
	defer s.close()
	s.screen.mute()
	v, err := s.Vault(vault)
	if err != nil {
		return nil
	}
	c := s.KnownCatalogue(ctx, v)
	if c == nil {
		return nil
	}
	defer c.Close()
	folder := word[:strings.LastIndexByte(word, '/')+1]
	for file, err := range c.Under(ctx, folder, false) {
		if err != nil || len(paths) == maxCompletions {
			break
		}
		rest, below := strings.CutPrefix(file.Path, folder)
		if !below {
			continue
		}
		if name, _, inside := strings.Cut(rest, "/"); inside {
			rest = name + "/"
		}
		if path := folder + rest; strings.HasPrefix(path, word) && (len(paths) == 0 || paths[len(paths)-1] != path) {
			paths = append(paths, path)
		}
	}
	return paths
}
