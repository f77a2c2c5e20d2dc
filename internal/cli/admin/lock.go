package admin

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/remote"
)

const lockLong = `Lock a vault's policy for good, after a test. The policy of a lock only denies, and
once the lock is complete nobody can change or remove it.

  firn vault lock test     tells what a policy would deny; nothing is asked of the server but the vault
  firn vault lock start    puts the policy in force for 24 hours, to be tried
  firn vault lock complete locks the vault for ever; without it the lock is gone after the 24 hours
  firn vault lock abort    ends the trial at once`

func lockShow() *cobra.Command {
	return cli.Verb{
		Use: "show VAULT", Short: "Show a vault's lock",
		Long: "Show a vault's lock: whether it is complete, until when it is tried, and its policy.", Example: "firn vault lock show photos",
		JSON: "With --json the document of the API's GetVaultLock is printed.",
		Args: cobra.ExactArgs(1),
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, _ []string) error {
			l, err := v.Lock(ctx)
			if err != nil {
				return missing(err, "no such vault, or it has no lock")
			}
			return s.Document(l, func(w io.Writer) error {
				if err := facts(w, "State", l.State, "Begun", cli.Date(l.CreationDate.Time), "Tried until", date(l.ExpirationDate)); err != nil {
					return err
				}
				if _, err := fmt.Fprintln(w); err != nil {
					return err
				}
				return printPolicy(l.Policy)(w)
			})
		}).in(),
	}.Command()
}

func lockTest() *cobra.Command {
	return cli.Verb{
		Use: "test VAULT [FILE]", Short: "Tell what a lock policy denies",
		Long: `Tell what a lock policy would deny: for each operation on the vault whether it is
denied to the account's root and so to everybody who is not named in the policy,
always or for archives of some age. Without a file, the policy of the lock that is in
place is meant. Nothing is changed and nothing is tried.

The vault's tags are looked at as they are now. What depends on other conditions, such as
an address, is told as if there were none.`,
		Example: "firn vault lock test photos lock.json",
		JSON:    `With --json a document is printed: {"Denied":[{"Action":…,"Archives":…},…]}.`,
		Args:    cobra.RangeArgs(1, 2),
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, args []string) error {
			d, err := v.Describe(ctx)
			if err != nil {
				return err
			}
			var policy string
			if len(args) == 1 {
				policy, err = document(s, args[0], glacier.MaxPolicyLength)
			} else {
				var l glacier.VaultLock
				l, err = v.Lock(ctx)
				err, policy = missing(err, "vault %s has no lock: give a file", v.Name), l.Policy
			}
			if err != nil {
				return err
			}
			denied, err := denialsIn(ctx, v, policy, d.VaultARN)
			if err != nil {
				return err
			}
			return s.Document(map[string]any{"Denied": denied}, printDenials(denied))
		}).in(),
	}.Command()
}

// denialsIn are what a policy denies in a vault as it is.
func denialsIn(ctx context.Context, v *remote.Vault, policy string, arn glacier.ARN) ([]denial, error) {
	tags, err := v.Tags(ctx)
	if err != nil {
		return nil, err
	}
	return denials(policy, arn, tags)
}

func lockStart() *cobra.Command {
	return cli.Verb{
		Use: "start VAULT FILE", Short: "Put a lock policy in force, to be tried",
		Long: `Put the lock policy in a file in force for 24 hours, to be tried; - is standard input.
It tells what the policy denies, and the lock's id, which firn vault lock complete
wants. Nothing is final before that.`,
		Example: "firn vault lock start photos lock.json",
		JSON:    `With --json a document is printed: {"LockId":…,"ExpirationDate":…,"Denied":[…]}.`,
		Args:    cobra.ExactArgs(2), Changes: true,
		Resume: "whether the lock is begun, firn vault lock show tells; its id is told only once, so abort it and start again",
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, args []string) error {
			policy, err := document(s, args[0], glacier.MaxPolicyLength)
			if err != nil {
				return err
			}
			d, err := v.Describe(ctx)
			if err != nil {
				return err
			}
			denied, err := denialsIn(ctx, v, policy, d.VaultARN)
			if err != nil {
				s.Warn("what the policy denies cannot be told: %v", err)
			}
			if s.DryRun {
				return s.Document(map[string]any{"Denied": denied}, func(w io.Writer) error {
					fmt.Fprintf(w, "Would begin to lock vault %s. The policy denies:\n\n", v.Name)
					return printDenials(denied)(w)
				})
			}
			return startLock(ctx, s, v, policy, denied)
		}).in(),
	}.Command()
}

func startLock(ctx context.Context, s *cli.Session, v *remote.Vault, policy string, denied []denial) error {
	id, err := v.StartLock(ctx, policy)
	if err != nil {
		return err
	}
	l, err := v.Lock(ctx)
	if err != nil {
		return fmt.Errorf("the lock is begun, and its id is %s, but: %w", id, err)
	}
	return s.Document(map[string]any{"LockId": id, "ExpirationDate": l.ExpirationDate, "Denied": denied}, func(w io.Writer) error {
		fmt.Fprintf(w, "The lock of vault %s is tried until %s. From now on denied:\n\n", v.Name, date(l.ExpirationDate))
		if err := printDenials(denied)(w); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, `
Its id is %s.
Try whether what you need is still allowed. Then, for ever:
  firn vault lock complete %s %s
or not at all:
  firn vault lock abort %s
`, id, v.Name, id, v.Name)
		return err
	})
}

func lockComplete() *cobra.Command {
	return cli.Verb{
		Use: "complete VAULT ID", Short: "Lock a vault for ever",
		Long: `Complete the lock that firn vault lock start has begun, whose id it has told. From
then on nobody can change or remove the policy. It asks for the vault's name first.`,
		Example: `firn vault lock complete photos "$LOCK"`,
		JSON:    "With --json an empty document is printed.",
		Args:    cobra.ExactArgs(2), Changes: true, Asks: true,
		Resume: "whether the vault is locked, firn vault lock show tells",
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, args []string) error {
			l, err := v.Lock(ctx)
			if err != nil {
				return missing(err, "no such vault, or no lock is begun")
			}
			if s.DryRun {
				return s.Would("lock vault %s for ever.", v.Name)
			}
			if l.State != glacier.LockLocked {
				question := fmt.Sprintf("This locks vault %s for ever: nobody will be able to change or remove its policy, which is\n\n%s\n", v.Name, cli.PrintableLines(l.Policy))
				if err := s.Confirm(ctx, question, string(v.Name)); err != nil {
					return err
				}
			}
			if err := v.CompleteLock(ctx, glacier.LockID(cli.ID(args[0]))); err != nil {
				return err
			}
			return s.Did("Vault %s is locked.", v.Name)
		}).in(),
	}.Command()
}

func lockAbort() *cobra.Command {
	return cli.Verb{
		Use: "abort VAULT", Short: "End the trial of a lock",
		Long:    "End the trial of a lock: its policy is no longer in force. That there is none is a success.",
		Example: "firn vault lock abort photos",
		JSON:    "With --json an empty document is printed.",
		Args:    cobra.ExactArgs(1), Changes: true,
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, _ []string) error {
			if s.DryRun {
				return s.Would("end the trial of the lock of vault %s.", v.Name)
			}
			if err := v.AbortLock(ctx); err != nil {
				return err
			}
			return s.Did("No lock of vault %s is tried.", v.Name)
		}).in(),
	}.Command()
}
