using Llama4.Cluster.Constraints;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Tests.Constraints;

/// <summary>Masks that were made ahead are those that would be made from the ids drawn so far.</summary>
public class ConstrainedDrawsTests
{
    private static readonly Structured.Vocabularies.Vocabulary Texts = Structured.Vocabularies.Vocabulary.Of(Constrained.Tokenizer);
    private static readonly int[] StopIds = [ScoutNano.EndOfTurn];

    [Fact]
    public async Task Mask_MadeAhead_IsThatOfTheDrawnIds()
    {
        var ahead = New();
        var constraint = Constrained.Schema(Constrained.Person);
        (await ahead.ConstrainAsync(constraint)).ShouldBeNull();
        var ids = Constrained.Tokenizer.Encode("""{"name": "Ann", "age": 7, "job": "pilot"}""");

        for (var drawn = 0; drawn <= ids.Length; drawn++)
        {
            var draw = Draw(constraint, ids[..drawn]);
            using var expected = await New().Begin([draw])![0]!;
            using var made = await ahead.Begin([draw])![0]!;
            Allowed(made).ShouldBe(Allowed(expected));
            if (drawn < ids.Length)
            {
                Allowed(made).ShouldContain(ids[drawn]);
                ahead.Follow(draw, ids[drawn], made.State);
            }
            else
            {
                Allowed(made).ShouldBe(StopIds, "nothing but the end may follow");
            }
        }
    }

    [Fact]
    public async Task Mask_ThatIsNeverMade_FailsItsOwnRowOnly()
    {
        var constraint = Constrained.Schema("""{"type":"boolean"}""");
        var draws = New();
        (await draws.ConstrainAsync(constraint)).ShouldBeNull();
        var draw = Draw(constraint, []);
        var made = draws.Begin([draw])![0]!;
        await made;
        using var masks = new RowMasks([new TaskCompletionSource<RowMask>().Task, made], TimeSpan.FromSeconds(0.5));
        var logits = new float[Texts.MaskWords * 32];

        await masks.MadeAsync();

        masks.Draw(0, logits, draw).Error.ShouldBe("Constrained decoding stopped: its mask was not made within 0.5 s");
        masks.Draw(1, logits, draw).Error.ShouldBeNull();
    }

    /// <summary>A request that forbids what its constraint wants is told so; logits of a broken model are not its fault.</summary>
    [Theory]
    [InlineData(0f, true)]
    [InlineData(float.NaN, false)]
    [InlineData(float.NegativeInfinity, false)]
    public async Task Draw_WhereNothingIsLeft_SaysWhoseFaultItIs(float logit, bool isOfRequest)
    {
        var constraint = Constrained.Schema("""{"type":"boolean"}""");
        var draws = New();
        (await draws.ConstrainAsync(constraint)).ShouldBeNull();
        var draw = Draw(constraint, []) with { Settings = new SamplingSettings { AllowedIds = StopIds } };
        using var masks = new RowMasks([draws.Begin([draw])![0]!]);
        var logits = new float[Texts.MaskWords * 32];
        Array.Fill(logits, logit);

        await masks.MadeAsync();
        var drawn = masks.Draw(0, logits, draw);

        drawn.Error!.ShouldContain("of the tokens that the constraint allows none can be drawn");
        drawn.IsOfRequest.ShouldBe(isOfRequest);
    }

    [Fact]
    public async Task Compiled_PastItsBytes_ForgetsTheOldestAndNeverTheNewest()
    {
        var (first, second, third) = (Constrained.Schema(Constrained.Person), Constrained.Schema("""{"type":"string"}"""), Constrained.Schema("""{"type":"boolean"}"""));
        var compiled = new CompiledConstraints(() => Task.FromResult(Texts), countMax: 100, bytesMax: 1);
        var ample = new CompiledConstraints(() => Task.FromResult(Texts), countMax: 100, bytesMax: 1 << 30);
        foreach (var constraint in (DecodingConstraint[])[first, second, third])
        {
            (await compiled.Start(constraint)).ConstraintBytes.ShouldBeGreaterThan(1);
            await ample.Start(constraint);
        }

        (compiled.Find(first.Digest) is null).ShouldBeTrue();
        (compiled.Find(third.Digest) is null).ShouldBeFalse();
        (ample.Find(first.Digest) is null).ShouldBeFalse();
    }

    [Fact]
    public async Task Begin_OfAConstraintWithoutItsText_IsRefusedUntilItWasTold()
    {
        var draws = New();
        var constraint = Constrained.Schema("""{"type":"boolean"}""");
        var bare = Draw(constraint, []) with { Constraint = new DrawConstraint(constraint.Digest, null, StopIds, false) };

        Should.Throw<UnknownConstraintException>(() => draws.Begin([bare]));
        (await draws.ConstrainAsync(constraint)).ShouldBeNull();
        (await draws.Begin([bare])![0]!).Dispose();
    }

    [Fact]
    public void Begin_WithoutAnyConstraint_IsNothing() => New().Begin([Draw(null, [])]).ShouldBeNull();

    [Fact]
    public async Task Row_WhoseMaskCannotBeMade_FailsAloneAndSaysWhy()
    {
        var constraint = Constrained.Schema("""{"type":"boolean"}""");
        using var masks = new RowMasks(New().Begin([Draw(constraint, []), Draw(null, []), Draw(constraint, [5, 6])])!);

        await masks.MadeAsync();

        var logits = new float[ScoutNano.Vocabulary];
        masks.Draw(0, logits, Draw(constraint, [])).Error.ShouldBeNull();
        var failed = masks.Draw(2, logits, Draw(constraint, [5, 6]));
        (failed.Id, failed.Error!.Contains("does not follow", StringComparison.Ordinal)).ShouldBe((-1, true), failed.Error);
    }

    private static ConstrainedDraws New() => new(() => Task.FromResult(Texts));

    private static TokenDraw Draw(DecodingConstraint? constraint, int[] drawn) => new(
        new SamplingSettings { Temperature = 0 }, default, drawn, 0, 0, 0, null,
        constraint is null ? null : new DrawConstraint(constraint.Digest, constraint, StopIds, false));

    /// <summary>The ids that a mask lets through, by what a draw gives that prefers each.</summary>
    private static int[] Allowed(RowMask mask)
    {
        var logits = new float[ScoutNano.Vocabulary];
        return [.. Enumerable.Range(0, logits.Length).Where(id =>
        {
            Array.Clear(logits);
            logits[id] = 1;
            return Sampler.Draw(logits, Draw(null, []), mask.Mask).Id == id;
        })];
    }
}
