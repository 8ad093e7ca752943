using System.Reflection;
using Llama4.Contracts;

namespace Llama4.Contracts.Tests.Fuzz;

/// <summary>One object of every type that crosses the wire, with something in all of its fields.</summary>
internal static class ContractSamples
{
    private static readonly HostId Host = new("center-0");
    private static readonly TokenLogprob[] Logprobs = [new(17, -0.25), new(18, -3.5)];
    private static readonly PromptLogprobs Reported = new(3, [new(-0.25, 1, Logprobs), new(-7.5, 20, [])]);
    private static readonly EngineStatus Status = new(3, 4, 500, 1000, 123_456, 654_321, 777);
    private static readonly TokenHop[] Path =
    [
        new(0, Host, 120, 80, null), new(1, Host, 130, 0, new ExpertHop(new HostId("worker-3"), 210, 300, [new ExpertChoice(5, 0.83, 0.61), new ExpertChoice(2, 0.7, 0.29)])),
    ];
    private static readonly TokenChunk Chunk = new()
    {
        Request = new Guid(7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8), Index = 2, Token = 200_001, Logprob = -0.5, TopLogprobs = Logprobs, Finish = FinishReason.Stop, CachedTokens = 5, Error = "none", Path = Path, Prompt = Reported,
    };

    private static readonly RequestImage Picture = new() { Tiles = 1, Levels = [0, 1, 254, 255], Spans = [new(1, 2)] };
    private static readonly DecodingConstraint Constraint = new() { Kind = ConstraintKind.Regex, Text = "[a-z]+", EndsLate = true };
    private static readonly DrawConstraint Drawing = new(Constraint.Digest, Constraint, [200_001], true);
    private static readonly ChatPiece Piece = new() { Number = 3, Token = 17, Text = "Paris", Calls = [new("call_1", "time", "{}")], Finish = "tool_calls", Usage = new(10, 4, 3) };
    private static readonly DrySettings Dry = new() { Multiplier = 0.8, Base = 2, AllowedLength = 3, Tokens = 128, Breakers = [17, 18], BreakerSequences = [[18, 17]] };
    private static readonly RareSampling Rare = new() { TypicalP = 0.9, TopNSigma = 1.5, XtcProbability = 0.5, XtcThreshold = 0.2, TemperatureRange = 0.3, TemperatureExponent = 2, MinKeep = 3, PenaltyTokens = 64, Dry = Dry };
    private static readonly SamplingSettings Sampling = new() { Temperature = 0.7, TopK = 40, LogitBias = new() { [17] = -100, [18] = 3.5 }, AllowedIds = [17, 18], BadSequences = [[17], [18, 17]], Rare = Rare };
    private static readonly PlacementPlan Plan = new(
        7, Host, Host, [new LayerPlacement(0, Host, [new ExpertGroupPlacement(0, 0, 8, Host) { Standbys = [new HostId("worker-3")], Hot = [new HotExpert(3, new HostId("worker-4"))] }]), new LayerPlacement(1, Host, [])]) { Hosts = [Host] };

    public static IReadOnlyDictionary<Type, object> ByType { get; } = new object[]
    {
        Host, Plan, Plan.Layers[0], Plan.Layers[0].ExpertGroups[0], Plan.Layers[0].ExpertGroups[0].Hot[0], Plan.Replicas[0], Plan.Replicas[0].Stages[0], HostRoles.Engine | HostRoles.Experts,
        new PlanView(Plan, Host, ["10.0.0.1:2"], new SuspicionAge(3, 44)), new SuspicionAge(3, 44),
        new ChatSubmission { Answer = Chunk.Request, Chat = Chunk.Request, Body = [.. "{}"u8], Emitted = [200_001, 7], Caller = "app" },
        new ChatAnswer(ChatState.Serving, [Piece], new ChatError(400, "invalid_request_error", "no", "messages", "invalid_value", 1)), Piece, Piece.Calls[0], Piece.Usage!,
        new ChatError(429, "rate_limit_error", "later", "model", "rate_limit_exceeded", 7),
        Logprobs[0], Reported, Reported.Tokens[0], Status, Chunk, Sampling, Rare, Dry, SubmitResult.Accepted,
        new GenerateRequest { Id = Chunk.Request, Prompt = [200_000, 5, 6, 7], TokensMax = 64, Emitted = [9], Sampling = Sampling, StopIds = [200_001], Seed = 42, TopLogprobs = 2, Caller = "key", Images = [Picture], Trace = true, Constraint = Constraint, TokensMin = 3, CacheSalt = "salt", Span = Span, PromptLogprobs = 5, PromptReported = 2 },
        Constraint, Drawing, new UnknownConstraintException("constraint 0f is not known here"),
        Picture, new ImageSpan(1, 1),
        new EngineAnswer(EngineState.Serving, 12, [Chunk, Chunk with { Index = 3 }], new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)),
        new StepPlan
        {
            Epoch = 7, Step = 99, Slices = [new SequenceSlice(5, 0, 2, 10, true) { Forced = 1 }], TokenIds = [1, 2], Positions = [10, 11], Chunked = new KvTables([0, 10, 0, 11], [3, 4], 2),
            Full = new KvTables([0, 10, 0, 11], [5, 6], 2), LogitRows = [0, 1], Spans = [new StepSpan(Span, 0, 2)],
        },
        Span, new StepSpan(Span, 0, 2), new QuestionSpans([Span], [Span with { State = null }]),
        new KvPull(7, 123, Host, [3, 4]), new HeldKv(0, [new HeldBlock(true, 5, 6, 7)]), new HeldBlock(true, 5, 6, 7),
        new SequenceSlice(5, 0, 2, 10, true) { Forced = 1 }, new KvTables([0, 10], [3, 4], 2),
        new TokenDraw(Sampling, new[] { 1, 2, 3 }, new[] { 4, 5 }, 42, 1, 10, 2, Drawing) { Trace = true, Span = Span, IsDeep = true, Deferred = [200_001], Forced = 17 }, new DrawnToken(17, -0.25, Logprobs, "no token") { Path = Path, Rank = 2 },
        Path[1], Path[1].Expert!, Path[1].Expert!.Best[0], new TimedRows(new Rows(RowsType.BF16, 1, 2, new[] { 1 }, default, PooledPayload.Rent(4)), 300),
        new StaleEpochException("worker-3", 7, 6), new HostUnreachableException("host worker-3 does not answer"), new ClusterRequestException("no such host"),
        new ClusterStatus(7, Host, Plan, "waiting", [new HostStatus(Host, HostCondition.Alive, 4711, "10.0.0.1:1", HostRoles.Any, "rack-1", 7, 1 << 30, 1 << 31, 12.5, [Status])], [Fault]),
        new HostStatus(Host, HostCondition.Alive, 4711, "10.0.0.1:1", HostRoles.Any, "rack-1", 7, 1 << 30, 1 << 31, 12.5, [Status]) { RoutedTokens = [3, 0, 1L << 40] }, Fault,
    }.ToDictionary(sample => sample.GetType());

    /// <summary>Every type of the contracts that Orleans writes by generated code.</summary>
    public static IEnumerable<Type> Types =>
        typeof(Rows).Assembly.GetTypes().Where(type => type.GetCustomAttribute<GenerateSerializerAttribute>() is not null && !type.IsAbstract);

    private static SpanParent Span => new("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=1");

    private static ClusterFault Fault => new(DateTimeOffset.UnixEpoch, Host, "does not answer");
}
