using System.Globalization;
using Llama4.Cluster.Placement;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Server.Plan;

/// <summary>A plan, what it was made from and what it comes to.</summary>
/// <param name="Source">The model, as it was named.</param>
internal sealed record PlanReport(string Source, PlacementRequest Request, IReadOnlyList<ListedHost> Hosts, PlacementPlan Plan, PlanPrediction Prediction)
{
    /// <exception cref="PlacementException">It does not fit; the message says what would.</exception>
    public static PlanReport Of(string source, Llama4Config config, IReadOnlyList<ListedHost> hosts, PlanChoice choice)
    {
        var request = Request(choice.Sequences);
        try
        {
            var plan = PlacementPlanner.Plan(request);
            return new PlanReport(source, request, hosts, plan, PlanPrediction.Of(request, plan));
        }
        catch (PlacementException error) when (error.Missing.Count > 0)
        {
            throw new PlacementException(string.Create(
                CultureInfo.InvariantCulture,
                $"{choice.Sequences:N0} sequences of {choice.Context:N0} tokens: {error.Message}; {WhatFits()}"), error.Missing);
        }

        PlacementRequest Request(int sequences) => new(
            ModelShapes.Of(config, DType.BF16, choice.Experts),
            [.. hosts.Select(host => host.Capacity)],
            ModelShapes.Work(config, choice.Context, sequences, choice.Replicas),
            Epoch: 1) { Standbys = choice.Standbys, Replicas = choice.Replicas };

        string WhatFits()
        {
            var (fits, not) = (0, choice.Sequences);
            while (not - fits > 1)
            {
                var middle = fits + ((not - fits) / 2);
                (fits, not) = Fits(middle) ? (middle, not) : (fits, middle);
            }

            return fits > 0
                ? string.Create(CultureInfo.InvariantCulture, $"{fits:N0} sequences of that length would fit")
                : "not even one sequence of that length fits";
        }

        bool Fits(int sequences)
        {
            try
            {
                PlacementPlanner.Plan(Request(sequences));
                return true;
            }
            catch (PlacementException)
            {
                return false;
            }
        }
    }
}

/// <param name="Context">Tokens of each sequence.</param>
/// <param name="Sequences">At once, over all replicas.</param>
internal sealed record PlanChoice(int Context, int Sequences, ExpertWeights Experts, int Standbys, int Replicas);
