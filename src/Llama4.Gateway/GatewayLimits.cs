namespace Llama4.Gateway;

/// <summary>Every bound of the gateway, each a sum of named uses. Past one the answer is 400, 413, 429 or 503, at once.</summary>
public sealed record GatewayLimits
{
    /// <summary>
    /// Requests inside the gateway at one time; past it 429. The default, 384 = 64 that decode in one batch
    /// + 256 that wait in the engine's queue + 64 whose body is being read or whose last bytes are being sent.
    /// </summary>
    public int ConcurrentRequestsMax { get; init; } = 64 + 256 + 64;

    /// <summary>Of them from one caller once no more than so many places are left, past it 429: one that keeps all it can get open shuts nobody else out.</summary>
    public int ConcurrentPerCallerMax { get; init; } = 64;

    /// <summary>
    /// Bytes of one request body; past it 413. The default, 8 MiB + 64 KiB = text of a prompt (2 M characters of a token each
    /// in the worst case of four bytes, so that a prompt too long for the context is told its length instead of being cut off)
    /// + 64 KiB of settings (1,024 biases of 32 bytes, 4 stop strings of 1,024 characters at 6 bytes, names).
    /// All requests together hold at most <see cref="ConcurrentRequestsMax"/> times this.
    /// </summary>
    public int BodyBytesMax { get; init; } = (8 << 20) + (64 << 10);

    /// <summary>Answers of one request, prompts times n; past it 400. 128 = what OpenAI allows for n.</summary>
    public int ChoicesMax { get; init; } = 128;

    /// <summary>Entries of logit_bias; past it 400. Each is applied to the logits at each step.</summary>
    public int LogitBiasMax { get; init; } = 1024;

    /// <summary>Stop strings of a request, as OpenAI has it; past it 400.</summary>
    public int StopStringsMax { get; init; } = 4;

    /// <summary>Characters of one stop string; past it 400. As many may be held back from a stream while a stop is still possible.</summary>
    public int StopCharsMax { get; init; } = 1024;

    /// <summary>Ids in stop_token_ids; past it 400.</summary>
    public int StopIdsMax { get; init; } = 128;

    /// <summary>Pictures of a request; past it 400. Ten, as many as fill a context of 32,768 tokens with tiles of all 17 kinds.</summary>
    public int PicturesMax { get; init; } = 10;

    /// <summary>Requests whose pictures are decoded at one time, others wait: a large one takes up to 0.8 GB for that moment.</summary>
    public int DecodesMax { get; init; } = 2;

    /// <summary>Tools of a request, as OpenAI has it; past it 400.</summary>
    public int ToolsMax { get; init; } = 128;

    /// <summary>Characters of a tool's name, as OpenAI has it; past it 400.</summary>
    public int ToolNameCharsMax { get; init; } = 64;

    /// <summary>
    /// Tokens that an answer whose length the request leaves open takes of its key's limit until it ends and the true number is known.
    /// 512 = a long answer of a dialog.
    /// </summary>
    public int AnswerTokensEstimate { get; init; } = 512;

    /// <summary>
    /// How long the body of a request may take to arrive; past it 408.
    /// 30 s = 8 MiB over a line of 2.2 Mbit/s.
    /// </summary>
    public TimeSpan BodyReadLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long one write may wait for a client that doesn't read; past it the connection is cut and the sequence freed.
    /// 20 s = ten TCP retransmissions of a client that moves between networks.
    /// </summary>
    public TimeSpan StalledReaderLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long the cluster may give nothing for a request before it ends with an error.
    /// 10 minutes = 5 behind a full queue + 5 of prefill of the longest prompt.
    /// </summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long running answers may go on after shutdown began; past it they end with an error. 20 s of the 30 s Kubernetes gives.</summary>
    public TimeSpan ShutdownLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long answers that were ended by shutdown may take to write their error, before connections are cut.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Retry-After of 429 and 503 where the cluster names no time of its own: about one short answer.</summary>
    public int RetryAfterSeconds { get; init; } = 1;

    /// <summary>How long one readiness probe may take: a forward pass of one token, cold caches included.</summary>
    public TimeSpan ProbeLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause between two readiness probes.</summary>
    public TimeSpan ProbePause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Probes before the gateway gives up and says why it never became ready. 3,000 at 200 ms = 10 minutes of refusals; int.MaxValue is 13 years.</summary>
    public int ProbesMax { get; init; } = 3000;
}
