"""What a person does to running Queues and WorkerPools: look, pause, hold, drain, resume. Intents are pure patches."""
