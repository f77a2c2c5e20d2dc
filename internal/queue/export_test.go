package queue

// SetLimits makes the limits on what is remembered smaller.
func (s *Service) SetLimits(inFlight, rested int, tracked int64) {
	s.limits = limits{inFlight, rested, tracked}
}

// Waiting is how many receives wait.
func (s *Service) Waiting() int64 { return s.waiting.Load() }

// Tracked is how many messages are remembered.
func (s *Service) Tracked() int64 { return s.tracked.Load() }

// States is of how many queues anything is in memory.
func (s *Service) States() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.states)
}
