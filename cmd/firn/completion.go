package main

import (
	"github.com/spf13/cobra"
)

func completionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "completion bash|zsh|fish|powershell", Short: "Print what makes a shell complete firn's command line",
		Long: `Print a script that makes a shell complete commands, flags, and the names of
vaults, for which the server is asked.

  bash        source <(firn completion bash)
  zsh         source <(firn completion zsh)
  fish        firn completion fish | source
  powershell  firn completion powershell | Out-String | Invoke-Expression

` + exitCodes,
		Example:   "  firn completion bash > /etc/bash_completion.d/firn",
		ValidArgs: []cobra.Completion{"bash", "zsh", "fish", "powershell"},
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			default:
				return root.GenPowerShellCompletionWithDesc(out)
			}
		},
	}
}
